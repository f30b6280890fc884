import { createHmac } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../shared/cbor/value.ts';
import type { UserEvidence } from '../authenticator-data.ts';
import type { HmacSecrets } from '../credential-store.ts';
import type { KeyState } from '../key-state.ts';
import { booleanAt, bytesAt, mapAt, required, unsignedAt } from '../parameters.ts';
import { isLegacy } from '../settings.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import type { Extension } from './extension.ts';

/** hmac-secret: a secret of the credential, HMAC'd with one or two salts of the platform. Source: CTAP 2.1 §12.5. */
export function hmacSecret(): Extension {
  return {
    name: 'hmac-secret',
    create: (input, { draft, state }) => {
      if (booleanAt(input, 'hmac-secret') !== true) return undefined;
      draft.hmacSecrets = { withUv: state.environment.random(32), withoutUv: state.environment.random(32) };
      return true;
    },
    get: (input, { state, credential, evidence }) =>
      computeOutputs(required(mapAt(input, 'hmac-secret')), state, credential.hmacSecrets, evidence),
  };
}

/** hmac-secret-mc: the same already at registration, for a credential that has the secrets. Source: CTAP 2.2 §12.8. */
export function hmacSecretMc(): Extension {
  return {
    name: 'hmac-secret-mc',
    create: (input, { draft, state, evidence }) => {
      if (draft.hmacSecrets === undefined) throw new CtapFailure(CtapStatus.missingParameter);
      return computeOutputs(required(mapAt(input, 'hmac-secret-mc')), state, draft.hmacSecrets, evidence);
    },
  };
}

function computeOutputs(
  input: CborMap,
  state: KeyState,
  secrets: HmacSecrets | undefined,
  evidence: UserEvidence,
): Bytes | undefined {
  const peer = required(mapAt(input, 1));
  const saltEnc = required(bytesAt(input, 2));
  const saltAuth = required(bytesAt(input, 3));
  // Absent means protocol one: the member came with CTAP 2.1.
  const number = unsignedAt(input, 4) ?? 1;
  if (!evidence.userPresent) throw new CtapFailure(CtapStatus.unsupportedOption);
  if (!state.pinUvAuth.supports(number)) {
    throw new CtapFailure(isLegacy(state.settings) ? CtapStatus.pinAuthInvalid : CtapStatus.invalidParameter);
  }
  const { protocol, secret } = state.pinUvAuth.session(number, peer);
  if (!protocol.verify(secret, saltEnc, saltAuth)) throw new CtapFailure(CtapStatus.pinAuthInvalid);
  const salts = protocol.decrypt(secret, saltEnc);
  if (salts?.length !== 32 && salts?.length !== 64) throw new CtapFailure(CtapStatus.invalidLength);
  if (secrets === undefined) return undefined;
  const key = evidence.userVerified ? secrets.withUv : secrets.withoutUv;
  const outputs = [salts.slice(0, 32), salts.slice(32)].filter((salt) => salt.length > 0);
  return protocol.encrypt(secret, concatBytes(...outputs.map((salt) => hmac(key, salt))));
}

function hmac(key: Bytes, salt: Bytes): Bytes {
  return copyBytes(createHmac('sha256', key).update(salt).digest());
}
