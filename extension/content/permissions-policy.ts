import type { PageMethod } from '../../shared/wire/page.ts';

interface FeaturePolicy {
  readonly allowsFeature?: (feature: string) => boolean;
}

/** A member of the document. Not read from the document itself: there, a page's form or image of that name comes first. */
export function ofDocument(name: string): unknown {
  return Object.getOwnPropertyDescriptor(Document.prototype, name)?.get?.call(document);
}

/**
 * Whether the permissions policy lets this document make the call.
 *
 * @returns `undefined` where the browser does not tell; a promise where it must be found out.
 */
export function allowedByPolicy(method: PageMethod): boolean | undefined | Promise<boolean | undefined> {
  // Chromium calls it featurePolicy; Firefox has neither.
  const policy = (ofDocument('permissionsPolicy') ?? ofDocument('featurePolicy')) as FeaturePolicy | undefined;
  if (policy?.allowsFeature !== undefined) return policy.allowsFeature(`publickey-credentials-${method}`);
  return method === 'get' && window !== window.top ? mayGet() : undefined;
}

/**
 * Asks the browser's own function with an RP ID that is none: a document without permission is refused with
 * NotAllowedError before the RP ID is looked at, and that ends in a SecurityError before anybody is asked anything.
 * Not done for `create`, which would use up the user's activation, nor in the top document, which needs no permission.
 *
 * Source: Credential Management L1 §2.5.1 (the policy comes first), WebAuthn L3 §5.1.4.2 (then the RP ID).
 *
 * @returns `undefined` when it was refused, for whatever reason: then that function shall refuse the page's call, too.
 */
async function mayGet(): Promise<true | undefined> {
  try {
    await navigator.credentials.get({ publicKey: { challenge: new Uint8Array(16), rpId: '' } });
    return undefined;
  } catch (refusal) {
    return (refusal as DOMException).name === 'SecurityError' ? true : undefined;
  }
}
