import type { Page } from 'playwright-core';

import type { AuthenticationResponseJson, RegistrationResponseJson } from '../../shared/webauthn/json.ts';

/** What the credential's `toJSON` gave. */
export type CredentialJson = RegistrationResponseJson | AuthenticationResponseJson;

/** How a WebAuthn call of a page settled. Times are milliseconds of the page's clock since the call. */
export type CallOutcome =
  | { readonly ok: true; readonly ms: number; readonly credential: CredentialJson }
  | { readonly ok: false; readonly ms: number; readonly name: string; readonly message: string };

/** A call that runs in the page. */
export interface PageCall {
  readonly outcome: Promise<CallOutcome>;
  /** Aborts the call's signal in the page. */
  abort(): Promise<void>;
}

/** Options in JSON form, completed with what every call needs. */
export interface CreateOptions extends Partial<PublicKeyCredentialCreationOptionsJSON> {
  readonly userName?: string;
}

/** A page or one of its frames. */
export type Realm = Pick<Page, 'evaluate'>;

let calls = 0;

/**
 * Calls `navigator.credentials.create` in the page, as its own script would. Defaults: an algorithm list of ES256 and
 * RS256, a discoverable credential with user verification.
 */
export function callCreate(page: Realm, options: CreateOptions = {}): PageCall {
  const { userName = 'alice', ...rest } = options;
  const userId = Buffer.from(userName).toString('base64url');
  return start(page, 'create', {
    rp: { name: 'Lab' },
    user: { id: userId, name: userName, displayName: userName },
    challenge: 'BwcHBwcHBwcHBwcHBwcHBw',
    pubKeyCredParams: [
      { type: 'public-key', alg: -7 },
      { type: 'public-key', alg: -257 },
    ],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    ...rest,
  });
}

/** Calls `navigator.credentials.get` in the page. Default: without allow list, user verification required. */
export function callGet(page: Realm, options: Partial<PublicKeyCredentialRequestOptionsJSON> = {}): PageCall {
  return start(page, 'get', { challenge: 'CQkJCQkJCQkJCQkJCQkJCQ', userVerification: 'required', ...options });
}

function start(page: Realm, method: 'create' | 'get', options: object): PageCall {
  const key = `keystileCall${(calls += 1).toString()}`;
  const outcome = page.evaluate(
    async ([callKey, callMethod, json]) => {
      const controller = new AbortController();
      (globalThis as unknown as Record<string, AbortController>)[callKey] = controller;
      const { signal } = controller;
      const started = performance.now();
      try {
        const credential =
          callMethod === 'create'
            ? await navigator.credentials.create({
                publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(json as PublicKeyCredentialCreationOptionsJSON),
                signal,
              })
            : await navigator.credentials.get({
                publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(json as PublicKeyCredentialRequestOptionsJSON),
                signal,
              });
        const ms = performance.now() - started;
        return { ok: true as const, ms, credential: (credential as PublicKeyCredential).toJSON() as CredentialJson };
      } catch (error) {
        const { name, message } = error as Error;
        return { ok: false as const, ms: performance.now() - started, name, message };
      }
    },
    [key, method, options] as const,
  );
  // A page that is closed in the middle rejects the evaluation; tests that do so do not look at the outcome.
  outcome.catch(() => undefined);
  return {
    outcome,
    abort: () => page.evaluate((callKey) => (globalThis as unknown as Record<string, AbortController>)[callKey]?.abort(), key),
  };
}
