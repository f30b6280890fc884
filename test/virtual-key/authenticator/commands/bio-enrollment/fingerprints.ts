import { encodeUtf8 } from '../../../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import type { Fingerprint } from '../../fingerprint-store.ts';
import type { KeyState } from '../../key-state.ts';
import { bytesAt, mapAt, required, textAt } from '../../parameters.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { authorizeBio } from './authorize-bio.ts';

/** enumerateEnrollments. Source: CTAP 2.1 §6.7.6. */
export function enumerateFingerprints(state: KeyState, parameters: CborMap): CborMap {
  authorizeBio(state, parameters, 4);
  const infos = state.fingerprints.all.map(({ id, name }) => {
    const info = new Map<CborValue, CborValue>([[1, id]]);
    if (name !== undefined) info.set(2, name);
    return info;
  });
  if (infos.length === 0) throw new CtapFailure(CtapStatus.invalidOption);
  return new Map<CborValue, CborValue>([[7, infos]]);
}

/** setFriendlyName. Source: CTAP 2.1 §6.7.7. */
export function setFriendlyName(state: KeyState, parameters: CborMap): void {
  const name = required(textAt(required(mapAt(parameters, 3)), 2));
  const fingerprint = authorizedFingerprint(state, parameters, 5);
  if (encodeUtf8(name).length > state.settings.maxFriendlyNameLength) throw new CtapFailure(CtapStatus.invalidLength);
  fingerprint.name = name;
}

/** removeEnrollment. Source: CTAP 2.1 §6.7.8. */
export function removeFingerprint(state: KeyState, parameters: CborMap): void {
  state.fingerprints.remove(authorizedFingerprint(state, parameters, 6));
}

/** The fingerprint that the request names, after the proof for it. */
function authorizedFingerprint(state: KeyState, parameters: CborMap, subcommand: number): Fingerprint {
  const id = required(bytesAt(required(mapAt(parameters, 3)), 1));
  authorizeBio(state, parameters, subcommand);
  const fingerprint = state.fingerprints.find(id);
  if (fingerprint === undefined) throw new CtapFailure(CtapStatus.invalidOption);
  return fingerprint;
}
