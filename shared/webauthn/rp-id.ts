import { getDomain, getPublicSuffix } from 'tldts';

import { failure, success, type Result } from '../bytes/result.ts';
import { type WebauthnError, WebauthnErrorName, webauthnError } from './errors.ts';

/**
 * Decides which RP ID a call of `origin` uses.
 *
 * - Without `requested` it is the origin's effective domain.
 * - Otherwise `requested` must equal the effective domain or be a registrable suffix of it: it ends at a dot, and is
 *   not itself a public suffix (private ones such as `github.io` included). The port plays no part.
 * - `requested` must be in the form that browsers give hosts (lower case, punycode, no other spelling), because its
 *   SHA-256 is what the authenticator signs.
 *
 * Source: WebAuthn L3 §5.1.3 steps 6 to 8, §5.1.4.2 steps 5 to 7; HTML "is a registrable domain suffix of or is equal to".
 *
 * @param origin a serialised origin as the browser reports it, `"null"` for an opaque one.
 * @returns the RP ID; NotAllowedError for an opaque origin; SecurityError for an origin without https (`localhost`
 * excepted), for hosts that are no domains, and for a `requested` that the origin may not claim.
 */
export function validateRpId(origin: string, requested: string | undefined): Result<string, WebauthnError> {
  if (!URL.canParse(origin)) {
    return failure(webauthnError(WebauthnErrorName.notAllowed, 'The origin is opaque.'));
  }
  const { protocol, hostname } = new URL(origin);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLocalhost(hostname))) {
    return refused(`The origin's scheme ${protocol} is not secure.`);
  }
  if (!isDomain(hostname)) return refused(`The host ${hostname} is not a domain.`);
  if (requested === undefined || requested === hostname) return success(hostname);
  if (!isDomain(requested)) return refused('The RP ID is not a domain.');
  if (!hostname.endsWith(`.${requested}`)) return refused('The RP ID is not a suffix of the origin\'s domain.');
  const suffix = publicSuffix(requested);
  const hostSuffix = publicSuffix(hostname);
  if (suffix === undefined || suffix === requested) return refused('The RP ID is a public suffix.');
  if (hostSuffix === undefined || hostSuffix.endsWith(`.${requested}`)) {
    return refused('The RP ID lies within the public suffix of the origin\'s domain.');
  }
  return success(requested);
}

/**
 * Tells whether a domain that is none of the origin's own may still list the origin as related: both are proper
 * domains, and the origin may use WebAuthn at all.
 *
 * Source: WebAuthn L3 §5.1.3 step 8, §5.1.4.2 step 7.
 */
export function mayBeRelated(origin: string, requested: string): boolean {
  return (
    validateRpId(origin, undefined).ok &&
    new URL(origin).protocol === 'https:' &&
    isDomain(requested) &&
    registrableDomainOf(`https://${requested}`) !== undefined
  );
}

/**
 * The registrable domain of an origin's host: the part that somebody registered, and a person should look at.
 *
 * @returns `undefined` where there is none: opaque origins, addresses, public suffixes, `localhost`.
 */
export function registrableDomainOf(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  return getDomain(new URL(origin).hostname, { allowPrivateDomains: true, extractHostname: false }) ?? undefined;
}

function refused(detail: string): Result<never, WebauthnError> {
  return failure(webauthnError(WebauthnErrorName.security, detail));
}

function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

/** A domain in the URL parser's own spelling. The parser turns everything that ends in a number into an IPv4 address. */
function isDomain(host: string): boolean {
  if (host === '' || host.length > 254 || /[^a-z0-9._-]/.test(host) || /(^|\.)(\.|$)/.test(host.replace(/\.$/, ''))) return false;
  if (!URL.canParse(`https://${host}/`)) return false;
  return new URL(`https://${host}/`).hostname === host && !/(^|\.)\d+\.?$/.test(host);
}

/** Public suffix with private domains; a trailing dot of `host` is kept, as the HTML algorithm does. */
function publicSuffix(host: string): string | undefined {
  const dot = host.endsWith('.') ? '.' : '';
  const suffix = getPublicSuffix(dot === '' ? host : host.slice(0, -1), {
    allowPrivateDomains: true,
    extractHostname: false,
    validateHostname: false,
  });
  return suffix === null ? undefined : `${suffix}${dot}`;
}
