import { createCipheriv, createHash, hkdfSync } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { KeyState } from './key-state.ts';
import { encodeUser } from './user-entity.ts';

const BLOCK = 16;
const PERSISTENT_TOKEN_LENGTH = 32;

/** The token that survives a power cycle, for reading only; a new one after each new PIN and each reset. Source: CTAP 2.2 §6.5.2.1. */
export function persistentToken(state: KeyState): Bytes {
  state.persistentToken ??= state.environment.random(PERSISTENT_TOKEN_LENGTH);
  return state.persistentToken;
}

/** encIdentifier: which key this is, for the holder of the persistent token. Source: CTAP 2.2 §6.4, member 0x19. */
export function encryptIdentifier(state: KeyState): Bytes {
  state.deviceIdentifier ??= state.environment.random(BLOCK);
  return encrypt(state, 'encIdentifier', state.deviceIdentifier);
}

/** encCredStoreState: another value whenever the discoverable credentials have changed. Source: CTAP 2.3 §6.4, member 0x1E. */
export function encryptStoreState(state: KeyState): Bytes {
  const hash = createHash('sha256').update(state.deviceIdentifier ?? new Uint8Array());
  for (const { discoverable, id, user } of state.store.all) {
    if (!discoverable) continue;
    hash.update(id);
    if (user !== undefined) hash.update(encodeCbor(encodeUser(user, true)));
  }
  return encrypt(state, 'encCredStoreState', copyBytes(hash.digest().subarray(0, BLOCK)));
}

/** Initialisation vector and AES-128-CBC of one block, with a key made of the persistent token and the member's name. */
function encrypt(state: KeyState, name: string, block: Bytes): Bytes {
  const key = new Uint8Array(hkdfSync('sha256', persistentToken(state), new Uint8Array(32), encodeUtf8(name), BLOCK));
  const iv = state.environment.random(BLOCK);
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return concatBytes(iv, cipher.update(block), cipher.final());
}
