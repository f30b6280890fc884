import { CeremonyReason } from '../../../shared/wire/ceremony-state.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import type { RequestFailure } from '../../../shared/wire/requester.ts';
import { WebauthnErrorName } from '../../../shared/webauthn/errors.ts';

/** The reason behind a request to the host that gave no result. */
export function reasonOfHostFailure(failure: RequestFailure<NativeHop>): CeremonyReason {
  switch (failure.kind) {
    case 'disconnected':
      return CeremonyReason.hostLost;
    case 'decode':
      return CeremonyReason.internal;
    case 'error': {
      const known = Object.values(CeremonyReason).find((reason) => reason === failure.error.reason);
      // The host found our message wrong: a fault between the two, nothing the user can mend.
      return known ?? CeremonyReason.internal;
    }
  }
}

/**
 * The exception that a page gets for a ceremony that failed. An excluded credential is told after its key was
 * touched; whatever else happened looks the same, so that a page learns nothing about the user's keys. That holds
 * for a key without the algorithm or the abilities that the site asks for, too: the specification lists more names,
 * but its algorithm leads to NotAllowedError, as do browsers.
 *
 * Source: WebAuthn L3 §5.1.3 and §5.1.4.2, the steps over the authenticators' errors; §14.5.1, §14.5.2 (privacy).
 */
export function pageErrorOf(reason: CeremonyReason): WebauthnErrorName {
  return reason === CeremonyReason.credentialExcluded ? WebauthnErrorName.invalidState : WebauthnErrorName.notAllowed;
}
