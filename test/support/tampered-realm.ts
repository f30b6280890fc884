/* eslint-disable @typescript-eslint/unbound-method, @typescript-eslint/prefer-for-of --
   What runs in the page works on a realm in which no method and no iterator can be relied on. */
import type { CredentialJson, Realm } from './page-call.ts';

/** What a page can replace, in groups; a group at a time, or the test could not tell what went wrong. */
export const TAMPER_GROUPS = [
  'Promise, JSON, RegExp',
  'ports, channels, events',
  'Object, Reflect, Function, WeakMap',
  'Array, String, Number',
  'bytes and crypto',
  'globals',
  'Object.prototype',
] as const;
export type TamperGroup = (typeof TAMPER_GROUPS)[number];

/** A call of a page that had replaced a part of its realm. */
export interface TamperedCall {
  readonly settled: 'fulfilled' | 'rejected';
  /** How it failed, or empty. */
  readonly name: string;
  /** How many attributes of the result could be read. */
  readonly read: number;
  /** What of the page's replacements was used. */
  readonly leaks: readonly string[];
  readonly credential?: CredentialJson;
}

/**
 * Replaces everything that a group of the realm's objects holds, calls `create` with a key that only wants a touch,
 * reads the whole result, and puts everything back.
 */
export function createInTamperedRealm(page: Realm, group: TamperGroup): Promise<TamperedCall> {
  return page.evaluate(
    (groupName) => {
      const leaks: string[] = [];
      // All that is needed once nothing can be relied on.
      const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys, setPrototypeOf } = Reflect;
      const nativeThen = Promise.prototype.then;
      const NativePromise = Promise;
      const { toJSON, getClientExtensionResults } = PublicKeyCredential.prototype;
      const container = navigator.credentials;
      const { create } = container;
      const text = String;
      const restores: (() => void)[] = [];
      let restoreCount = 0;
      const publicKey = {
        rp: { id: location.hostname, name: 'Lab' },
        user: { id: new Uint8Array([1, 2, 3]), name: 'mallory', displayName: 'Mallory' },
        challenge: new Uint8Array(16).fill(9),
        // The page's own iterator is part of the page's options: natively it is used too.
        pubKeyCredParams: { [Symbol.iterator]() {
          let given = false;
          return { next: () => { const step = { done: given, value: { type: 'public-key', alg: -7 } }; given = true; return step; } };
        } },
        authenticatorSelection: { userVerification: 'discouraged' },
        extensions: { credProps: true },
      } as unknown as PublicKeyCredentialCreationOptions;
      const options = { publicKey, signal: new AbortController().signal };

      const arrayIterator = Object.getPrototypeOf([][Symbol.iterator]()) as object;
      const typedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object };
      const groups: Readonly<Record<TamperGroup, readonly (readonly [string, object])[]>> = {
        'Promise, JSON, RegExp': [
          ['Promise', Promise], ['Promise.prototype', Promise.prototype], ['JSON', JSON], ['RegExp.prototype', RegExp.prototype], ['Error', Error],
        ],
        'ports, channels, events': [
          ['MessagePort.prototype', MessagePort.prototype], ['MessageChannel.prototype', MessageChannel.prototype],
          ['MessageEvent.prototype', MessageEvent.prototype], ['Event.prototype', Event.prototype], ['EventTarget.prototype', EventTarget.prototype],
          ['AbortSignal.prototype', AbortSignal.prototype], ['DOMException.prototype', DOMException.prototype],
        ],
        'Object, Reflect, Function, WeakMap': [
          ['Object', Object], ['Reflect', Reflect], ['Function.prototype', Function.prototype], ['WeakMap.prototype', WeakMap.prototype],
          ['Map.prototype', Map.prototype], ['Set.prototype', Set.prototype], ['Symbol.prototype', Symbol.prototype],
        ],
        'Array, String, Number': [
          ['Array', Array], ['Array.prototype', Array.prototype], ['%ArrayIteratorPrototype%', arrayIterator], ['String', String],
          ['String.prototype', String.prototype], ['Number', Number], ['Number.prototype', Number.prototype], ['Boolean.prototype', Boolean.prototype], ['Math', Math],
        ],
        'bytes and crypto': [
          ['ArrayBuffer', ArrayBuffer], ['ArrayBuffer.prototype', ArrayBuffer.prototype], ['Uint8Array', Uint8Array], ['%TypedArray%', typedArray],
          ['%TypedArray%.prototype', typedArray.prototype], ['DataView.prototype', DataView.prototype], ['Crypto.prototype', Crypto.prototype],
        ],
        globals: [['globalThis', globalThis]],
        'Object.prototype': [],
      };
      const tampered = groups[groupName];
      const bare = (descriptor: PropertyDescriptor): PropertyDescriptor => {
        setPrototypeOf(descriptor, null);
        return descriptor;
      };
      const note = (label: string): void => {
        defineProperty(leaks, leaks.length, bare({ value: label, writable: true, enumerable: true, configurable: true }));
      };
      const replace = (target: object, name: PropertyKey, descriptor: PropertyDescriptor | undefined, next: PropertyDescriptor): void => {
        if (!defineProperty(target, name, bare(next))) return;
        defineProperty(restores, text(restoreCount), bare({
          configurable: true, writable: true, enumerable: true,
          value: () => (descriptor === undefined ? deleteProperty(target, name) : defineProperty(target, name, bare(descriptor))),
        }));
        restoreCount += 1;
      };
      for (let index = 0; index < tampered.length; index += 1) {
        const path = tampered[index]?.[0] ?? '';
        const target = tampered[index]?.[1] ?? {};
        const names = ownKeys(target);
        for (let position = 0; position < names.length; position += 1) {
          const name = names[position] ?? '';
          const descriptor = getOwnPropertyDescriptor(target, name);
          if (descriptor?.configurable !== true) continue;
          const label = `${path}.${typeof name === 'symbol' ? 'symbol' : name}`;
          // Looked up by the engine itself wherever a promise is resolved, natively too.
          if (label === 'Promise.prototype.constructor' || label === 'Promise.prototype.then' || label === 'Promise.symbol') continue;
          if (path === 'globalThis' && (typeof descriptor.value !== 'function')) continue;
          const leak = (): never => {
            note(label);
            throw new RangeError(label);
          };
          replace(target, name, descriptor,
            descriptor.get === undefined && descriptor.set === undefined
              ? typeof descriptor.value === 'function' ? { configurable: true, writable: true, enumerable: descriptor.enumerable ?? false, value: leak } : descriptor
              : { configurable: true, enumerable: descriptor.enumerable ?? false, get: leak, set: leak });
        }
      }
      if (groupName === 'Object.prototype') {
        const names = [
          'v', 'id', 'ok', 'result', 'error', 'outcome', 'credential', 'event', 'data', 'cancel', 'method', 'params', 'options', 'reason', 'message',
          'value', 'get', 'set', 'writable', 'enumerable', 'configurable', 'apply', 'done', 'next', 'return', 'ports', 'transfer', 'cancelable', 'once', 'passive', 'capture',
          'response', 'rawId', 'attestationObject', 'authenticatorData', 'publicKeyAlgorithm', 'userHandle', 'clientDataJSON', 'clientExtensionResults', 'fields', 'methods', 'toJSON',
          '0', '1', '2', 'length', 'target', 'type',
        ];
        for (let index = 0; index < names.length; index += 1) {
          const name = names[index] ?? '';
          const leak = (): undefined => {
            note(`Object.prototype.${name}`);
            return undefined;
          };
          replace(Object.prototype, name, undefined, { configurable: true, enumerable: true, get: leak, set: leak });
        }
      }

      const restore = (): void => {
        for (let index = restoreCount - 1; index >= 0; index -= 1) (restores[index] as () => void)();
      };
      return new NativePromise<TamperedCall>((resolve) => {
        const finish = (settled: TamperedCall['settled'], value: unknown): void => {
          let credential: CredentialJson | undefined;
          let failure: unknown = value;
          let read: readonly unknown[] = [];
          if (settled === 'fulfilled') {
            try {
              const made = value as PublicKeyCredential;
              credential = apply(toJSON, made, []) as CredentialJson;
              apply(getClientExtensionResults, made, []);
              const response = made.response as AuthenticatorAttestationResponse;
              response.getTransports();
              response.getPublicKey();
              response.getAuthenticatorData();
              read = [made.id, made.rawId, made.type, made.authenticatorAttachment, response.attestationObject];
            } catch (error) {
              failure = error;
            }
          }
          restore();
          resolve({
            settled,
            read: read.length,
            name: failure === value && settled === 'fulfilled' ? '' : String(failure),
            leaks: leaks.slice(0, 20),
            ...(credential === undefined ? {} : { credential }),
          });
        };
        try {
          const call = apply(create, container, [options]) as Promise<unknown>;
          void apply(nativeThen, call, [(value: unknown) => finish('fulfilled', value), (reason: unknown) => finish('rejected', reason)]);
        } catch (error) {
          finish('rejected', error);
        }
      });
    },
    group,
  );
}
