import type { KeyFacts } from './key-facts.ts';
import type { CeremonyRequest } from './request.ts';

/**
 * How a key is to verify its user: not at all, by its own means (for a token, or with option `uv`), by the PIN, by a
 * PIN that must be set first; or it cannot, although it has to.
 */
export type Verification = 'none' | 'uvToken' | 'uvOption' | 'pin' | 'newPin' | 'impossible';

/** What the key has answered in this ceremony so far. */
export interface VerificationPast {
  /** Its own user verification is blocked or was refused. */
  readonly uvRefused: boolean;
  /** It answered that it does nothing without user verification. */
  readonly uvDemanded: boolean;
}

/** Whether the new credential is to be discoverable: asked for on keys that can. */
export function wantsResidentKey(request: CeremonyRequest, facts: KeyFacts): boolean {
  if (request.kind !== 'registration') return false;
  const { residentKey, extensions } = request;
  // Only discoverable credentials can have large blobs.
  if (residentKey === 'required' || extensions.largeBlob === 'required') return true;
  return facts.canMakeResidentKey && residentKey === 'preferred';
}

/**
 * Decides how a key verifies its user in this ceremony.
 *
 * Source: WebAuthn L3 §5.1.3 and §5.1.4 (effective user verification); CTAP 2.2 §6.1.2 (`makeCredUvNotRqd`,
 * `alwaysUv`), §6.5.5.7 (`noMcGaPermissionsWithClientPin`).
 */
export function planVerification(request: CeremonyRequest, facts: KeyFacts, past: VerificationPast): Verification {
  const must = request.userVerification === 'required' || facts.alwaysUv || past.uvDemanded;
  if (!must && !isWorthwhile(request, facts)) return 'none';
  if (facts.uv === 'ready' && !past.uvRefused) return facts.uvByToken ? 'uvToken' : 'uvOption';
  if (!facts.noMcGaPermissionsWithClientPin) {
    if (facts.pin === 'set') return 'pin';
    if (facts.pin === 'notSet' && must) return 'newPin';
  }
  return must ? 'impossible' : 'none';
}

/**
 * Whether an extension is better off with a verified user. A credential has two secrets for hmac-secret, and prf stands
 * for the one of verified users, whatever the site says of user verification (WebAuthn L3 §10.1.4); keys that cannot
 * verify anybody give the other one. A protected key takes large blobs only from its user.
 */
function needsVerifiedUser(request: CeremonyRequest, facts: KeyFacts): boolean {
  const { prf, largeBlob } = { largeBlob: undefined, ...request.extensions };
  return (prf !== undefined && facts.hasHmacSecret) || (typeof largeBlob === 'object' && facts.hasLargeBlobs);
}

/** Whether a key that is set up for user verification is asked for it although the site does not require it. */
function isWorthwhile(request: CeremonyRequest, facts: KeyFacts): boolean {
  const isProtected = facts.pin === 'set' || facts.uv === 'ready';
  if (!isProtected || request.userVerification === 'preferred') return isProtected;
  if (needsVerifiedUser(request, facts)) return true;
  // Protected keys make credentials only for their user; `makeCredUvNotRqd` excepts those that are not discoverable.
  return request.kind === 'registration' && (!facts.makeCredUvNotRqd || wantsResidentKey(request, facts));
}
