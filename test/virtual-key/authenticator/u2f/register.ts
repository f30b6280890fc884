import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';
import { generateKey, publicPoint, signWith } from '../credential-key.ts';
import { CredProtect } from '../credential-store.ts';
import type { KeyState } from '../key-state.ts';
import { type CommandApdu, encodeResponse, StatusWord } from './apdu.ts';

/** U2F_REGISTER: challenge and application (32 bytes each) in, a new key handle out. Source: U2F raw messages §4. */
export function u2fRegister(state: KeyState, { data }: CommandApdu): Bytes {
  if (data.length !== 64) return encodeResponse(StatusWord.wrongLength);
  if (!state.user.poll()) return encodeResponse(StatusWord.conditionsNotSatisfied);
  const random = state.environment.random.bind(state.environment);
  const challenge = data.slice(0, 32);
  const application = data.slice(32);
  const key = generateKey(-7, random);
  const keyHandle = random(Math.min(state.settings.credentialIdLength, 255));
  const point = publicPoint(key);
  const { key: attestationKey, certificate } = state.identity();
  const signature = signWith(attestationKey, concatBytes(Uint8Array.of(0), application, challenge, keyHandle, point));
  state.store.add({
    id: keyHandle,
    rpIdHash: application,
    discoverable: false,
    key,
    credProtect: CredProtect.optional,
    backupEligible: false,
    backupState: false,
    signCount: 0,
  });
  const response = concatBytes(Uint8Array.of(5), point, Uint8Array.of(keyHandle.length), keyHandle, certificate, signature);
  return encodeResponse(StatusWord.ok, response);
}
