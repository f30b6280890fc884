/* eslint-disable @typescript-eslint/unbound-method -- the functions themselves are what is looked at */
import type { Realm } from './page-call.ts';

/** Everything about the classes that a page can ask without calling them on real objects. */
export function describeApi(page: Realm): Promise<Readonly<Record<string, unknown>>> {
  return page.evaluate(async () => {
    const described: Record<string, unknown> = {};
    const classes = [
      'CredentialsContainer', 'Credential', 'PublicKeyCredential', 'AuthenticatorResponse', 'AuthenticatorAttestationResponse', 'AuthenticatorAssertionResponse',
    ];
    const check = async (call: () => unknown): Promise<string> => {
      try {
        return `gave ${typeof (await call())}`;
      } catch (error) {
        return `${String(error)} ${((error as Error).constructor === TypeError).toString()}`;
      }
    };
    for (const name of classes) {
      const { prototype } = (globalThis as unknown as Record<string, { prototype: object }>)[name] as { prototype: object };
      described[name] = Reflect.ownKeys(prototype).map(String);
      for (const key of Reflect.ownKeys(prototype)) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, key) ?? {};
        for (const part of ['get', 'set', 'value'] as const) {
          const native: unknown = descriptor[part];
          if (typeof native !== 'function') continue;
          described[`${name}.${String(key)} ${part}`] = [
            // Firefox makes `name` and `length` when they are first asked for: their order says nothing.
            native.name, native.length, Reflect.ownKeys(native).map(String).sort(), Object.getPrototypeOf(native) === Function.prototype, 'prototype' in native,
            descriptor.enumerable, descriptor.configurable, descriptor.writable, Object.isExtensible(native),
            ...(key === 'constructor' ? [] : [
              await check(() => Reflect.apply(native, {}, [])),
              await check(() => Reflect.apply(native, undefined, [])),
              await check(() => Reflect.apply(native, prototype, [])),
              await check(() => Reflect.construct(native, [])),
            ]),
          ];
        }
      }
    }
    described['navigator'] = [Reflect.ownKeys(navigator.credentials).map(String), Object.prototype.toString.call(navigator.credentials)];
    described['globals'] = Reflect.ownKeys(globalThis).map(String).filter((name) => /keystile|cred|relay|chrome/i.test(name)).sort();
    described['isUVPAA'] = [PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable.length, String(PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable)];
    return described;
  });
}

/** Calls that fail in the conversion of their arguments, or before it. */
export function exceptions(page: Realm): Promise<Readonly<Record<string, string>>> {
  return page.evaluate(async () => {
    const challenge = new Uint8Array(16);
    const valid = {
      rp: { name: 'Lab' }, user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' }, challenge, pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    };
    const calls: Readonly<Record<string, readonly ['create' | 'get', ...unknown[]]>> = {
      nothing: ['get'],
      null: ['create', null],
      number: ['get', 1],
      'publicKey number': ['get', { publicKey: 1 }],
      'publicKey null': ['create', { publicKey: null }],
      'no challenge': ['get', { publicKey: {} }],
      'no rp': ['create', { publicKey: { ...valid, rp: undefined } }],
      'no user id': ['create', { publicKey: { ...valid, user: { name: 'a', displayName: 'a' } } }],
      'no params': ['create', { publicKey: { ...valid, pubKeyCredParams: undefined } }],
      'BigInt alg': ['create', { publicKey: { ...valid, pubKeyCredParams: [{ type: 'public-key', alg: 7n }] } }],
      'symbol name': ['create', { publicKey: { ...valid, rp: { name: Symbol('x') } } }],
      'text for bytes': ['get', { publicKey: { challenge: 'AAAA' } }],
      'list without iterator': ['get', { publicKey: { challenge, allowCredentials: {} } }],
      'descriptor without id': ['get', { publicKey: { challenge, allowCredentials: [{ type: 'public-key' }] } }],
      signal: ['get', { publicKey: { challenge }, signal: {} }],
      mediation: ['get', { publicKey: { challenge }, mediation: 'sometimes' }],
    };
    const seen: Record<string, string> = {};
    for (const [name, [method, ...args]] of Object.entries(calls)) {
      try {
        await Reflect.apply(navigator.credentials[method], navigator.credentials, args);
        seen[name] = 'fulfilled';
      } catch (error) {
        seen[name] = String(error);
      }
    }
    return seen;
  });
}

/** Registers and signs in, and describes both results without their bytes. */
export function describeResults(page: Realm, residentKey: ResidentKeyRequirement = 'discouraged'): Promise<Readonly<Record<'created' | 'got', unknown>>> {
  return page.evaluate(async (discoverable) => {
    const tagOf = (value: unknown): string => Object.prototype.toString.call(value);
    const shapeOf = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shapeOf);
      if (typeof value !== 'object' || value === null) return typeof value;
      return [Object.getPrototypeOf(value) === Object.prototype, Object.entries(value).map(([name, member]) => [name, shapeOf(member)])];
    };
    const refusal = (call: () => unknown): string => {
      try {
        return typeof call();
      } catch (error) {
        return String(error);
      }
    };
    const describe = (credential: PublicKeyCredential, responseClass: { prototype: object }): unknown => {
      const response = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
      const members = (target: object): unknown => {
        const names: string[] = [];
        for (const name in target) names.push(name);
        return names.map((name) => {
          const read = (): unknown => (target as unknown as Record<string, unknown>)[name];
          const value = read();
          return [name, typeof value === 'function' ? 'function' : `${tagOf(value)} ${(read() === value).toString()}`];
        });
      };
      const results = (name: 'getPublicKey' | 'getAuthenticatorData' | 'getTransports'): unknown => {
        if (!(name in response)) return 'none';
        return [tagOf(response[name]()), response[name]() === response[name]()];
      };
      return {
        instances: [
          credential instanceof PublicKeyCredential, credential instanceof Credential, credential instanceof Object, response instanceof AuthenticatorResponse,
          Object.getPrototypeOf(credential) === PublicKeyCredential.prototype, Object.getPrototypeOf(response) === responseClass.prototype,
          credential.rawId instanceof ArrayBuffer, credential.constructor === PublicKeyCredential,
        ],
        ownKeys: Reflect.ownKeys(credential),
        responseKeys: Reflect.ownKeys(response),
        tag: tagOf(credential),
        responseTag: tagOf(response),
        members: members(credential),
        responseMembers: members(response),
        methods: [results('getPublicKey'), results('getAuthenticatorData'), results('getTransports'), tagOf(credential.getClientExtensionResults()), credential.getClientExtensionResults() === credential.getClientExtensionResults()],
        extensible: [Object.isExtensible(credential), Object.isExtensible(response)],
        transports: 'getTransports' in response ? response.getTransports() : 'none',
        algorithm: 'getPublicKeyAlgorithm' in response ? response.getPublicKeyAlgorithm() : 'none',
        attachment: credential.authenticatorAttachment,
        json: shapeOf(credential.toJSON()),
        text: JSON.stringify(credential) === JSON.stringify(credential.toJSON()),
        freshJson: credential.toJSON() === credential.toJSON(),
        idIsRawId: credential.id.length === Math.ceil((credential.rawId.byteLength * 4) / 3),
        assignment: refusal(() => { 'use strict'; (credential as { id: string }).id = 'x'; return credential.id === 'x'; }),
        otherClass: [
          refusal(() => Reflect.get(AuthenticatorAttestationResponse.prototype, 'attestationObject', response)),
          refusal(() => Reflect.get(AuthenticatorAssertionResponse.prototype, 'signature', response)),
          refusal(() => Reflect.get(PublicKeyCredential.prototype, 'rawId', response)),
          refusal(() => Reflect.get(AuthenticatorResponse.prototype, 'clientDataJSON', credential)),
          refusal(() => Reflect.get(PublicKeyCredential.prototype, 'rawId', Object.create(credential))),
        ],
        // Chromium adds a member to some, so that sites get used to more.
        clientData: Object.keys(JSON.parse(new TextDecoder().decode(response.clientDataJSON)) as object).filter((key) => key !== 'other_keys_can_be_added_here'),
      };
    };
    const created = (await navigator.credentials.create({
      publicKey: {
        rp: { name: 'Lab' },
        user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' },
        challenge: new Uint8Array(16),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: discoverable, userVerification: 'discouraged' },
      },
    })) as PublicKeyCredential;
    const got = (await navigator.credentials.get({
      publicKey: { challenge: new Uint8Array(16), userVerification: 'discouraged', allowCredentials: [{ type: 'public-key', id: created.rawId }] },
    })) as PublicKeyCredential;
    return { created: describe(created, AuthenticatorAttestationResponse), got: describe(got, AuthenticatorAssertionResponse) };
  }, residentKey);
}

/** Registers a credential and hands it to `store()`. Resolves with `stored`, or the exception as text. */
export function storeCredential(realm: Realm): Promise<string> {
  return realm.evaluate(async () => {
    const credential = await navigator.credentials.create({
      publicKey: {
        rp: { name: 'Lab' },
        user: { id: new Uint8Array([1]), name: 'a', displayName: 'a' },
        challenge: new Uint8Array(16),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { userVerification: 'discouraged' },
      },
    });
    if (credential === null) return 'nothing to store';
    return navigator.credentials.store(credential).then(() => 'stored', (error: unknown) => String(error));
  });
}
