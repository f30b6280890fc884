import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { type WebauthnError, webauthnError, WebauthnErrorName } from '../../../shared/webauthn/errors.ts';
import { mayBeRelated, validateRpId } from '../../../shared/webauthn/rp-id.ts';
import type { RelatedOrigins } from './related-origins.ts';

/** Decides, for the RP ID of a page's options, which one its call uses. */
export type RpIdOf = (requested: string | undefined) => Promise<Result<string, WebauthnError>>;

/**
 * Decides which RP ID a call uses: one of the origin's own domain, or of a domain that lists the origin as related.
 *
 * Source: WebAuthn L3 §5.1.3 steps 7 and 8, §5.1.4.2 steps 6 and 7.
 *
 * @param signal aborted when the page no longer waits.
 * @returns the RP ID, or the exception for the page.
 */
export async function resolveRpId(
  origin: string,
  requested: string | undefined,
  relatedOrigins: RelatedOrigins,
  signal: AbortSignal,
): Promise<Result<string, WebauthnError>> {
  const own = validateRpId(origin, requested);
  if (own.ok || requested === undefined || !mayBeRelated(origin, requested)) return own;
  const answer = await relatedOrigins.check(requested, origin, signal);
  return answer.related ? success(requested) : failure(webauthnError(WebauthnErrorName.security, answer.detail));
}
