/* eslint-disable @typescript-eslint/unbound-method -- the functions themselves are what is looked at */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { findFirefox } from '../support/firefox.ts';
import { giveFirefoxAuthenticator } from '../support/firefox-authenticator.ts';
import { removeExtension } from '../support/firefox-background.ts';
import { type FirefoxStack, startFirefoxStack } from '../support/firefox-stack.ts';
import { callCreate, callGet, type Realm } from '../support/page-call.ts';
import { describeApi, describeResults, exceptions, storeCredential } from '../support/webauthn-shape.ts';

/** Discoverable: then both keys tell the user handle. */
const TOUCH_ONLY = { authenticatorSelection: { residentKey: 'required' as const, userVerification: 'discouraged' as const } };

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';

/** All that is compared, seen by one page. */
interface Observations {
  readonly api: Awaited<ReturnType<typeof describeApi>>;
  readonly texts: readonly string[];
  readonly exceptions: Awaited<ReturnType<typeof exceptions>>;
  readonly results: Awaited<ReturnType<typeof describeResults>>;
  readonly stored: string;
  readonly statics: unknown;
  readonly aborted: readonly unknown[];
  readonly excluded: string;
  readonly json: unknown;
}

async function observe({ realm }: { readonly realm: Realm }): Promise<Observations> {
  return {
    api: await describeApi(realm),
    texts: await realm.evaluate(() =>
      [navigator.credentials.create, Object.getOwnPropertyDescriptor(PublicKeyCredential.prototype, 'rawId')?.get].map((native) => Function.prototype.toString.call(native)),
    ),
    exceptions: await exceptions(realm),
    results: await describeResults(realm, 'required'),
    stored: await storeCredential(realm),
    statics: await realm.evaluate(async () => [
      await PublicKeyCredential.getClientCapabilities(),
      await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable(),
      await PublicKeyCredential.isConditionalMediationAvailable(),
      Reflect.ownKeys(PublicKeyCredential).map(String),
    ]),
    aborted: await abort(realm),
    excluded: await registerAgain(realm),
    json: await jsonForms(realm),
  };
}

/** What a page can find out about the API and its results, held against the same Firefox without Keystile: it is taken out half-way. */
describe.skipIf(isMissing)(`fidelity in Firefox${why}`, () => {
  let stack: FirefoxStack;
  let mediated: Observations;
  let native: Observations;

  beforeAll(async () => {
    stack = await startFirefoxStack();
    await stack.plugKey();
    mediated = await observe(await stack.openLab());
    await removeExtension(stack.firefox);
    await giveFirefoxAuthenticator(stack.firefox);
    native = await observe(await stack.openLab());
  });
  afterAll(() => stack.close());

  test('functions and classes have the same names, lengths, descriptors and checks', () => {
    expect(Object.keys(native.api).length).toBeGreaterThan(30);
    expect(mediated.api).toEqual(native.api);
  });

  test('source texts are those of native functions', () => {
    expect(native.texts).toHaveLength(2);
    expect(mediated.texts).toEqual(native.texts);
  });

  test('what does not convert is the browser’s own exception, to the letter', () => {
    expect(mediated.exceptions).toEqual(native.exceptions);
    expect(Object.values(mediated.exceptions).filter((text) => text.startsWith('TypeError: '))).toHaveLength(14);
  });

  test('results have the shape of native ones', () => {
    expect(mediated.results).toEqual(native.results);
    expect(mediated.results.created).toMatchObject({ ownKeys: [], tag: '[object PublicKeyCredential]' });
  });

  test('their JSON forms have the same members', () => {
    expect(mediated.json).toEqual(native.json);
  });

  test('store() refuses our credentials as it refuses native ones', () => {
    expect(mediated.stored).toBe(native.stored);
  });

  test('what the browser says of itself is unchanged', () => {
    expect(mediated.statics).toEqual(native.statics);
  });

  test('an aborted call rejects with the page’s own reason, before and during', () => {
    expect(mediated.aborted).toEqual(['before', 'during', expect.stringContaining('AbortError')]);
    expect(mediated.aborted).toEqual(native.aborted);
  });

  test('a key that is registered already: the same exception', () => {
    expect(mediated.excluded).toBe('InvalidStateError');
    expect(mediated.excluded).toBe(native.excluded);
  });
});


function abort(realm: Realm): Promise<readonly unknown[]> {
  return realm.evaluate(async () => {
    const publicKey = { challenge: new Uint8Array(16), rpId: 'localhost' };
    const tell = (reason: unknown): string => (typeof reason === 'string' ? reason : String(reason));
    const during = new AbortController();
    const running = navigator.credentials.get({ publicKey, signal: during.signal }).catch(tell);
    during.abort('during');
    const plainAbort = new AbortController();
    const other = navigator.credentials.get({ publicKey, signal: plainAbort.signal }).catch(tell);
    plainAbort.abort();
    return [await navigator.credentials.get({ publicKey, signal: AbortSignal.abort('before') }).catch(tell), await running, await other];
  });
}

/** Registers the same key twice, and tells how the second try failed. */
async function registerAgain(realm: Realm): Promise<string> {
  const first = await callCreate(realm, { ...TOUCH_ONLY, userName: 'twice' }).outcome;
  if (!first.ok) return `first: ${first.name}`;
  const excludeCredentials = [{ type: 'public-key' as const, id: first.credential.id }];
  const second = await callCreate(realm, { ...TOUCH_ONLY, userName: 'twice', excludeCredentials }).outcome;
  return second.ok ? 'registered twice' : second.name;
}

/** The members of both JSON forms, deep, with the types of their values. */
async function jsonForms(realm: Realm): Promise<unknown> {
  const created = await callCreate(realm, { ...TOUCH_ONLY, userName: 'json', extensions: { credProps: true } }).outcome;
  if (!created.ok) return created.name;
  const got = await callGet(realm, { userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id: created.credential.id }] }).outcome;
  return [shapeOf(created.credential), got.ok ? shapeOf(got.credential) : got.name];
}

function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, member]) => [name, shapeOf(member)]));
}
