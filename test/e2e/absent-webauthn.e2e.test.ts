import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { clientDataOf } from '../support/ceremonies.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { type Stack, startStack } from '../support/stack.ts';

const TOUCH_ONLY = { authenticatorSelection: { userVerification: 'discouraged' as const } };

/** The browser keeps its container, for passwords, and has no public keys; Firefox's other case has a file of its own. */
describe('Chromium without WebAuthn of its own', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ browser: { args: ['--disable-blink-features=WebAuth'] } });
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('a key is registered and signs in, with objects of the classes that the page sees', async () => {
    await stack.plugKey();
    const page = await stack.openLab();
    const registered = await callCreate(page, TOUCH_ONLY).outcome;
    expect(clientDataOf(registered)).toMatchObject({ type: 'webauthn.create', origin: stack.tenant.origin });
    const id = registered.ok ? registered.credential.id : '';
    const allowCredentials = [{ type: 'public-key' as const, id }];
    expect(await callGet(page, { allowCredentials, userVerification: 'discouraged' }).outcome).toMatchObject({ ok: true, credential: { id } });
    expect(await page.evaluate(async () => {
      const publicKey = { rp: { name: 'Lab' }, user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' }, challenge: new Uint8Array(16), pubKeyCredParams: [{ type: 'public-key' as const, alg: -7 }] };
      const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
      return [made instanceof PublicKeyCredential, made instanceof Credential, made.response instanceof AuthenticatorAttestationResponse, Reflect.ownKeys(made).length];
    })).toEqual([true, true, true, 0]);
  });

  test('passwords are the browser’s business as before; public keys that nobody can serve are refused', async () => {
    const page = await stack.openLab();
    expect(await page.evaluate(async () => {
      const settle = (call: Promise<unknown>): Promise<string> => call.then((value) => String(value), (error: unknown) => (error as Error).name);
      const container = navigator.credentials;
      const challenge = new Uint8Array(16);
      const password = await container.create({ password: { id: 'a', password: 'b', origin } } as CredentialCreationOptions);
      return [
        password?.type, await settle(container.get({ password: true } as CredentialRequestOptions)), await settle(container.preventSilentAccess()),
        await settle(container.get({ publicKey: { challenge }, mediation: 'conditional' })), await settle(container.get({ publicKey: {} } as CredentialRequestOptions)),
      ];
    })).toEqual(['password', 'null', 'undefined', 'NotAllowedError', 'TypeError']);
  });
});
