/* eslint-disable @typescript-eslint/unbound-method, @typescript-eslint/no-base-to-string -- functions and class strings are what is looked at */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { clientDataOf } from '../support/ceremonies.ts';
import { findFirefox } from '../support/firefox.ts';
import { removeExtension } from '../support/firefox-background.ts';
import { nextFirefoxPrompt, openPrompts } from '../support/firefox-prompt.ts';
import { type FirefoxStack, startFirefoxStack } from '../support/firefox-stack.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { createInTamperedRealm, TAMPER_GROUPS } from '../support/tampered-realm.ts';

const PIN = 'corr3ct-h0rse';
const TOUCH_ONLY = { authenticatorSelection: { userVerification: 'discouraged' as const } };
/** The standard's preference that takes WebAuthn out of Firefox. */
const WITHOUT_WEBAUTHN = { 'security.webauth.webauthn': false };

interface Interface {
  readonly parent: string | null;
  readonly attributes: readonly string[];
  /** Name and length of each. */
  readonly operations: Readonly<Record<string, number>>;
  readonly statics?: Readonly<Record<string, number>>;
}

/** Source: the IDL of WebAuthn L3 and Credential Management L1. */
const IDL: Readonly<Record<string, Interface>> = {
  Credential: { parent: null, attributes: ['id', 'type'], operations: {} },
  CredentialsContainer: { parent: null, attributes: [], operations: { create: 0, get: 0, preventSilentAccess: 0, store: 1 } },
  PublicKeyCredential: {
    parent: 'Credential',
    attributes: ['authenticatorAttachment', 'rawId', 'response'],
    operations: { getClientExtensionResults: 0, toJSON: 0 },
    statics: {
      getClientCapabilities: 0, isConditionalMediationAvailable: 0, isUserVerifyingPlatformAuthenticatorAvailable: 0,
      parseCreationOptionsFromJSON: 1, parseRequestOptionsFromJSON: 1,
      signalAllAcceptedCredentials: 1, signalCurrentUserDetails: 1, signalUnknownCredential: 1,
    },
  },
  AuthenticatorResponse: { parent: null, attributes: ['clientDataJSON'], operations: {} },
  AuthenticatorAttestationResponse: {
    parent: 'AuthenticatorResponse',
    attributes: ['attestationObject'],
    operations: { getAuthenticatorData: 0, getPublicKey: 0, getPublicKeyAlgorithm: 0, getTransports: 0 },
  },
  AuthenticatorAssertionResponse: { parent: 'AuthenticatorResponse', attributes: ['authenticatorData', 'signature', 'userHandle'], operations: {} },
};

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';

describe.skipIf(isMissing)(`Firefox without WebAuthn of its own${why}`, () => {
  let stack: FirefoxStack;

  beforeAll(async () => {
    stack = await startFirefoxStack({ firefox: { preferences: WITHOUT_WEBAUTHN } });
  });
  afterEach(() => stack.reset());
  afterAll(() => stack.close());

  test('the interfaces have the shape of their IDL', async () => {
    const page = await stack.openLab();
    expect(await page.realm.evaluate((idl) => {
      const faults: string[] = [];
      const check = (isRight: boolean, what: string): void => {
        if (!isRight) faults.push(what);
      };
      const isTypeError = (call: () => unknown): boolean => {
        try {
          call();
          return false;
        } catch (error) {
          return (error as Error).constructor === TypeError;
        }
      };
      type Fn = (...args: unknown[]) => unknown;
      const checkFunction = (value: unknown, name: string, length: number, what: string): void => {
        const native = value as Fn;
        check(typeof native === 'function' && native.name === name && native.length === length, `${what}: name and length`);
        check(Object.getPrototypeOf(native) === Function.prototype && !('prototype' in native), `${what}: a function, no constructor`);
        check(Reflect.ownKeys(native).map(String).sort().join() === 'length,name', `${what}: own members`);
        check(isTypeError(() => Reflect.construct(native, [])), `${what}: new`);
        check(/^function (\w+ ?)*\(\) \{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(native)), `${what}: source text`);
      };
      const checkOperation = (target: object, name: string, length: number): void => {
        const descriptor = Object.getOwnPropertyDescriptor(target, name);
        check(descriptor?.writable === true && descriptor.enumerable === true && descriptor.configurable === true, `${name}: descriptor`);
        checkFunction(descriptor?.value, name, length, name);
      };
      for (const [name, { attributes, operations, parent, statics = {} }] of Object.entries(idl)) {
        const global = Object.getOwnPropertyDescriptor(globalThis, name);
        check(global?.writable === true && global.configurable === true && !global.enumerable, `${name}: global`);
        const made = global?.value as { new (): object; (): unknown; name: string; length: number; prototype: object };
        const above = parent === null ? undefined : (globalThis as unknown as Record<string, { prototype: object }>)[parent];
        check(made.name === name && made.length === 0, `${name}: name and length`);
        check(isTypeError(() => new made()) && isTypeError(() => made()), `${name}: constructor`);
        check(!isTypeError(() => Reflect.construct(Object, [], made)), `${name}: as new.target`);
        check(isTypeError(() => new (class extends made {})()), `${name}: as a base class`);
        check(Object.getPrototypeOf(made) === (above ?? Function.prototype), `${name}: parent`);
        check(Object.getPrototypeOf(made.prototype) === (above?.prototype ?? Object.prototype), `${name}: parent of the prototype`);
        const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(made, 'prototype') ?? {};
        check(!writable && !enumerable && !configurable, `${name}: prototype`);
        check(Reflect.ownKeys(made).map(String).sort().join() === ['length', 'name', 'prototype', ...Object.keys(statics)].sort().join(), `${name}: own members`);
        const members = ['Symbol(Symbol.toStringTag)', 'constructor', ...attributes, ...Object.keys(operations)];
        check(Reflect.ownKeys(made.prototype).map(String).sort().join() === members.sort().join(), `${name}: members`);
        const tag = Object.getOwnPropertyDescriptor(made.prototype, Symbol.toStringTag);
        check(tag?.value === name && tag.configurable === true && !tag.writable && !tag.enumerable, `${name}: class string`);
        const own = Object.getOwnPropertyDescriptor(made.prototype, 'constructor');
        check(own?.value === made && own.writable === true && own.configurable === true && !own.enumerable, `${name}: constructor member`);
        for (const attribute of attributes) {
          const descriptor = Object.getOwnPropertyDescriptor(made.prototype, attribute);
          check(descriptor?.set === undefined && descriptor?.enumerable === true && descriptor.configurable === true, `${name}.${attribute}: descriptor`);
          checkFunction(descriptor?.get, `get ${attribute}`, 0, `${name}.${attribute}`);
          check(isTypeError(() => Reflect.get(made.prototype, attribute)), `${name}.${attribute}: this`);
        }
        for (const [operation, length] of Object.entries(operations)) {
          checkOperation(made.prototype, operation, length);
          if (name === 'CredentialsContainer') continue;
          check(isTypeError(() => (made.prototype as Record<string, Fn>)[operation]?.()), `${name}.${operation}: this`);
        }
        for (const [operation, length] of Object.entries(statics)) checkOperation(made, operation, length);
      }
      const accessor = Object.getOwnPropertyDescriptor(Navigator.prototype, 'credentials');
      check(accessor?.set === undefined && accessor?.enumerable === true && accessor.configurable === true, 'credentials: descriptor');
      checkFunction(accessor?.get, 'get credentials', 0, 'credentials');
      check(isTypeError(() => Reflect.get(Navigator.prototype, 'credentials')), 'credentials: this');
      check(navigator.credentials === navigator.credentials && navigator.credentials instanceof CredentialsContainer, 'credentials: object');
      check(Reflect.ownKeys(navigator.credentials).length === 0 && !Object.hasOwn(navigator, 'credentials'), 'credentials: own members');
      check(String(navigator.credentials) === '[object CredentialsContainer]', 'credentials: class string');
      return faults;
    }, IDL)).toEqual([]);
  });

  test('a key is registered and signs in; both results are of the page’s classes and have their JSON form', async () => {
    const key = await stack.plugKey();
    const page = await stack.openLab();
    const registration = callCreate(page.realm);
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await prompt.waitForState('needsNewPin');
    await prompt.setNewPin(PIN);
    const registered = await registration.outcome;
    expect(clientDataOf(registered)).toMatchObject({ type: 'webauthn.create', origin: stack.tenant.origin, crossOrigin: false });
    expect(await stack.keys.state(key.id)).toMatchObject({ pinSet: true, credentials: 1 });
    await prompt.closed();
    const signIn = callGet(page.realm);
    const second = await nextFirefoxPrompt(stack.firefox);
    await second.waitForState('needsPin');
    await second.enterPin(PIN);
    expect(await signIn.outcome).toMatchObject({
      ok: true,
      credential: { type: 'public-key', authenticatorAttachment: 'cross-platform', response: { userHandle: Buffer.from('alice').toString('base64url') } },
    });
    await second.closed();
  });

  test('results are instances of the classes, without own members; each accessor takes its own objects only', async () => {
    await stack.plugKey();
    const page = await stack.openLab();
    const seen = await page.realm.evaluate(async () => {
      const made = (await navigator.credentials.create({
        publicKey: {
          rp: { name: 'Lab' },
          user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' },
          challenge: new Uint8Array(16),
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          authenticatorSelection: { userVerification: 'discouraged' },
        },
      })) as PublicKeyCredential;
      const got = (await navigator.credentials.get({
        publicKey: { challenge: new Uint8Array(16), userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id: made.rawId }] },
      })) as PublicKeyCredential;
      const response = made.response as AuthenticatorAttestationResponse;
      const refused = (prototype: object, name: string, target: object): string => {
        try {
          return typeof Reflect.get(prototype, name, target);
        } catch (error) {
          return (error as Error).name;
        }
      };
      return {
        instances: [
          made instanceof PublicKeyCredential, made instanceof Credential, response instanceof AuthenticatorAttestationResponse,
          got.response instanceof AuthenticatorAssertionResponse, got.response instanceof AuthenticatorResponse, !(got.response instanceof AuthenticatorAttestationResponse),
          made.rawId instanceof ArrayBuffer, response.getPublicKey() instanceof ArrayBuffer, got.id === made.id,
        ],
        own: [Reflect.ownKeys(made), Reflect.ownKeys(response)],
        tags: [String(made), String(response), String(got.response)],
        json: [Object.keys(made.toJSON()).sort(), JSON.stringify(got) === JSON.stringify(got.toJSON())],
        refused: [
          refused(AuthenticatorAssertionResponse.prototype, 'signature', response), refused(PublicKeyCredential.prototype, 'rawId', response),
          refused(PublicKeyCredential.prototype, 'rawId', Object.create(made) as object), refused(Credential.prototype, 'id', {}),
        ],
        stored: await navigator.credentials.store(made).then(() => 'stored', (error: unknown) => (error as Error).name),
      };
    });
    expect(seen).toEqual({
      instances: Array.from({ length: 9 }, () => true),
      own: [[], []],
      tags: ['[object PublicKeyCredential]', '[object AuthenticatorAttestationResponse]', '[object AuthenticatorAssertionResponse]'],
      json: [['authenticatorAttachment', 'clientExtensionResults', 'id', 'rawId', 'response', 'type'], true],
      refused: ['TypeError', 'TypeError', 'TypeError', 'TypeError'],
      stored: 'NotSupportedError',
    });
  });

  test('what it says of itself is true', async () => {
    const page = await stack.openLab();
    const said = await page.realm.evaluate(async () => [
      await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable(),
      await PublicKeyCredential.isConditionalMediationAvailable(),
      await PublicKeyCredential.getClientCapabilities(),
      Object.keys(await PublicKeyCredential.getClientCapabilities()).every((name, index, all) => index === 0 || (all[index - 1] ?? '') < name),
    ] as const);
    expect(said).toMatchObject([false, false, {
      conditionalCreate: false, conditionalGet: false, hybridTransport: false, passkeyPlatformAuthenticator: false,
      userVerifyingPlatformAuthenticator: false, relatedOrigins: true, 'extension:prf': true, 'extension:credProps': true,
    }, true]);
  });

  test('options are parsed from their JSON form, with all byte strings', async () => {
    const page = await stack.openLab();
    const parsed = await page.realm.evaluate(() => {
      const show = (value: unknown): unknown => {
        if (value instanceof ArrayBuffer) return `bytes ${new Uint8Array(value).join()}`;
        if (Array.isArray(value)) return value.map(show);
        if (typeof value !== 'object' || value === null) return value;
        return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, show(member)]));
      };
      const attempt = (call: () => unknown): unknown => {
        try {
          return show(call());
        } catch (error) {
          return (error as Error).name;
        }
      };
      type Creation = PublicKeyCredentialCreationOptionsJSON;
      const creation: Creation = {
        rp: { name: 'Lab' },
        user: { id: 'AQI', name: 'a', displayName: 'A' },
        challenge: 'AwQ',
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        excludeCredentials: [{ type: 'public-key', id: 'BQY', transports: ['usb'] }],
        extensions: { credProps: true, prf: { eval: { first: 'AAAA', second: 'AQ' }, evalByCredential: { BQY: { first: 'Ag' } } } },
      };
      const { parseCreationOptionsFromJSON: create, parseRequestOptionsFromJSON: request } = PublicKeyCredential;
      return {
        creation: attempt(() => create(creation)),
        request: attempt(() => request({ challenge: 'AwQ', rpId: 'localhost', extensions: { largeBlob: { write: 'Bw' } } })),
        faults: [
          attempt(() => (create as () => unknown)()), attempt(() => create(null as unknown as Creation)), attempt(() => create({} as Creation)),
          attempt(() => create({ ...creation, challenge: 'A=' })), attempt(() => create({ ...creation, user: { ...creation.user, id: '!' } })),
          attempt(() => request({ challenge: 'AAAA', extensions: { prf: { eval: { first: '?' } } } })),
        ],
      };
    });
    expect(parsed).toEqual({
      creation: {
        attestation: 'none', attestationFormats: [], hints: [],
        rp: { name: 'Lab' },
        user: { id: 'bytes 1,2', name: 'a', displayName: 'A' },
        challenge: 'bytes 3,4',
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        excludeCredentials: [{ type: 'public-key', id: 'bytes 5,6', transports: ['usb'] }],
        extensions: { credProps: true, prf: { eval: { first: 'bytes 0,0,0', second: 'bytes 1' }, evalByCredential: { BQY: { first: 'bytes 2' } } } },
      },
      request: {
        allowCredentials: [], hints: [], userVerification: 'preferred', challenge: 'bytes 3,4', rpId: 'localhost',
        extensions: { largeBlob: { write: 'bytes 7' } },
      },
      faults: ['TypeError', 'TypeError', 'TypeError', 'EncodingError', 'EncodingError', 'EncodingError'],
    });
  });

  test('calls that do not convert, or that nobody can serve, fail as specified; nothing throws synchronously', async () => {
    const page = await stack.openLab();
    const names = await page.realm.evaluate(async () => {
      const valid = { challenge: new Uint8Array(16) };
      const creation = { ...valid, rp: { name: 'Lab' }, user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' }, pubKeyCredParams: [{ type: 'public-key', alg: -7 }] };
      const container = navigator.credentials;
      const mine = new Error();
      mine.name = 'mine';
      const calls: Readonly<Record<string, readonly [unknown, 'create' | 'get' | 'store' | 'preventSilentAccess', ...unknown[]]>> = {
        nothing: [container, 'get'],
        null: [container, 'create', null],
        number: [container, 'get', 1],
        'no public key': [container, 'create', { password: { id: 'a', password: 'b' } }],
        'public key null': [container, 'create', { publicKey: null }],
        'no challenge': [container, 'get', { publicKey: {} }],
        'no rp': [container, 'create', { publicKey: { ...creation, rp: undefined } }],
        'no user name': [container, 'create', { publicKey: { ...creation, user: { id: new Uint8Array([1]), displayName: '' } } }],
        'text for bytes': [container, 'get', { publicKey: { challenge: 'AAAA' } }],
        'BigInt algorithm': [container, 'create', { publicKey: { ...creation, pubKeyCredParams: [{ type: 'public-key', alg: 7n }] } }],
        'symbol for text': [container, 'get', { publicKey: { ...valid, rpId: Symbol('x') } }],
        'no list': [container, 'get', { publicKey: { ...valid, allowCredentials: 5 } }],
        signal: [container, 'get', { publicKey: valid, signal: {} }],
        mediation: [container, 'get', { publicKey: valid, mediation: 'sometimes' }],
        'own exception': [container, 'get', { publicKey: { get challenge() { throw mine; } } }],
        aborted: [container, 'get', { publicKey: valid, mediation: 'conditional', signal: AbortSignal.abort(mine) }],
        conditional: [container, 'get', { publicKey: valid, mediation: 'conditional' }],
        platform: [container, 'create', { publicKey: { ...creation, authenticatorSelection: { authenticatorAttachment: 'platform' } } }],
        'other this': [{}, 'get', { publicKey: valid }],
        'this undefined': [undefined, 'create', { publicKey: creation }],
        'store nothing': [container, 'store'],
        'store anything': [container, 'store', {}],
        'prevent silent access': [container, 'preventSilentAccess'],
      };
      const outcomes: Record<string, string> = {};
      for (const [name, [self, method, ...args]] of Object.entries(calls)) {
        const call = Reflect.apply(container[method] as (...args: unknown[]) => Promise<unknown>, self, args);
        outcomes[name] = call instanceof Promise ? await call.then(() => 'fulfilled', (error: unknown) => (error as Error).name) : 'no promise';
      }
      const { signalUnknownCredential, signalAllAcceptedCredentials, signalCurrentUserDetails } = PublicKeyCredential;
      const settle = (call: Promise<unknown>): Promise<string> => call.then((value) => String(value), (error: unknown) => (error as Error).name);
      return {
        ...outcomes,
        signals: [
          await settle(signalUnknownCredential({ rpId: 'localhost', credentialId: 'AAAA' })),
          await settle(signalAllAcceptedCredentials({ rpId: 'localhost', userId: 'AAAA', allAcceptedCredentialIds: ['AQ'] })),
          await settle(signalCurrentUserDetails({ rpId: 'localhost', userId: 'AAAA', name: 'a', displayName: 'a' })),
          await settle(signalUnknownCredential({ rpId: 'localhost', credentialId: '!' })),
          await settle(signalAllAcceptedCredentials({ rpId: 'localhost', userId: 'AAAA' } as AllAcceptedCredentialsOptions)),
          await settle((signalCurrentUserDetails as () => Promise<unknown>)()),
        ],
      };
    });
    const type = 'TypeError';
    expect(names).toEqual({
      nothing: 'NotSupportedError', null: 'NotSupportedError', number: type, 'no public key': 'NotSupportedError', 'public key null': type,
      'no challenge': type, 'no rp': type, 'no user name': type, 'text for bytes': type, 'BigInt algorithm': type, 'symbol for text': type, 'no list': type,
      signal: type, mediation: type, 'own exception': 'mine', aborted: 'mine', conditional: 'NotAllowedError', platform: 'NotAllowedError',
      'other this': type, 'this undefined': type, 'store nothing': type, 'store anything': type, 'prevent silent access': 'fulfilled',
      signals: ['undefined', 'undefined', 'undefined', type, type, type],
    });
    expect(await openPrompts(stack.firefox)).toEqual([]);
  });

  test.each(TAMPER_GROUPS)('a page replaces what its realm is made of (%s): it is served all the same', async (group) => {
    await stack.plugKey();
    const page = await stack.openLab();
    expect(await createInTamperedRealm(page.realm, group)).toMatchObject({ settled: 'fulfilled', name: '', read: 5, leaks: [] });
  });

  test('a frame in an insecure page, which is none of a secure context, gets nothing', async () => {
    const { firefox, tenant } = stack;
    await firefox.chrome(`Services.prefs.setStringPref('network.dns.localDomains', 'insecure.test'); arguments[0]();`);
    const query = new URLSearchParams({ src: `${tenant.origin}/lab/empty` }).toString();
    const page = await firefox.openTab(`http://insecure.test:${tenant.port.toString()}/lab/frame?${query}`);
    expect(await page.frame(0).evaluate(() => [origin, isSecureContext, 'credentials' in navigator, 'PublicKeyCredential' in globalThis])).toEqual([
      tenant.origin, false, false, false,
    ]);
  });

  // The last test: it takes the extension away.
  test('without the extension there is nothing, and a page that is left over is refused', async () => {
    const left = await stack.openLab();
    await removeExtension(stack.firefox);
    expect(await callCreate(left.realm, TOUCH_ONLY).outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    const page = await stack.openLab();
    expect(await page.realm.evaluate(() => ['credentials' in navigator, 'PublicKeyCredential' in globalThis])).toEqual([false, false]);
  });
});
