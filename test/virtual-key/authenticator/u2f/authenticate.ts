import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import { Flag, uint32 } from '../authenticator-data.ts';
import { signWith } from '../credential-key.ts';
import { CredProtect } from '../credential-store.ts';
import type { KeyState } from '../key-state.ts';
import { type CommandApdu, encodeResponse, StatusWord } from './apdu.ts';

const CHECK_ONLY = 0x07;
const ENFORCE_PRESENCE = 0x03;
const NO_PRESENCE = 0x08;

/**
 * U2F_AUTHENTICATE. Check-only answers "conditions not satisfied" for a key handle of this key and "wrong data" for
 * any other. Source: U2F raw messages §5.
 */
export function u2fAuthenticate(state: KeyState, { p1, data }: CommandApdu): Bytes {
  const keyHandleLength = data[64];
  if (keyHandleLength === undefined || data.length !== 65 + keyHandleLength) return encodeResponse(StatusWord.wrongLength);
  const challenge = data.slice(0, 32);
  const application = data.slice(32, 64);
  const credential = state.store.find(application, data.slice(65));
  const usable = credential?.key.algorithm === -7 && credential.credProtect !== CredProtect.required;
  if (!usable) return encodeResponse(StatusWord.wrongData);
  if (p1 === CHECK_ONLY) return encodeResponse(StatusWord.conditionsNotSatisfied);
  if (p1 !== ENFORCE_PRESENCE && p1 !== NO_PRESENCE) return encodeResponse(StatusWord.wrongData);
  const present = p1 === ENFORCE_PRESENCE;
  if (present && !state.user.poll()) return encodeResponse(StatusWord.conditionsNotSatisfied);
  credential.signCount += 1;
  const head = concatBytes(Uint8Array.of(present ? Flag.userPresent : 0), uint32(credential.signCount));
  const signature = signWith(credential.key, concatBytes(application, head, challenge));
  return encodeResponse(StatusWord.ok, concatBytes(head, signature));
}
