import type { AuthenticationResponseJson, RegistrationResponseJson } from '../../shared/webauthn/json.ts';
import { buffer, decodeMember, ownMember } from './byte-members.ts';
import type { Disguise } from './disguise.ts';
import { type InterfaceName, INTERFACES } from './interfaces.ts';
import {
  bare,
  call,
  copyPlain,
  createObject,
  createSlot,
  defineProperty,
  IntrinsicProxy,
  isGecko,
  objectPrototype,
  propertyDescriptor,
} from './intrinsics.ts';

/**
 * Credentials that the page cannot tell from the browser's own: objects of the page's classes without own members,
 * whose state sits in a private slot that the wrapped prototype accessors look into. For every other object the
 * accessors are the native ones. Own data members would shadow the accessors and fail `instanceof`-based code and
 * IDL checks of real sign-in pages.
 */

/** State of one object: what its accessors give (`fields`) and what its methods return (`methods`). */
interface State {
  /** Neither object has a prototype. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly methods: Readonly<Record<string, () => unknown>>;
}

/** Builds credential objects of the page's realm. */
export interface CredentialObjects {
  readonly fromJson: (credential: RegistrationResponseJson | AuthenticationResponseJson) => object;
  /** Tells whether a value is an object that {@link fromJson} made. */
  readonly has: (value: unknown) => boolean;
}

/**
 * Wraps the accessors of the page's credential classes. Name, length, descriptor and source text of each stay the
 * native ones, because each wrapper is a proxy of the native function.
 *
 * @returns `undefined` when the browser lacks one of the classes: then there is nothing to imitate.
 */
export function installCredentialObjects(realm: typeof globalThis, disguise: Disguise): CredentialObjects | undefined {
  const slot = createSlot<State>();
  const prototypes = {} as Record<InterfaceName, object>;
  for (const className in INTERFACES) {
    const { prototype } = ((realm as unknown as Record<string, unknown>)[className] ?? {}) as { prototype?: object };
    if (prototype === undefined) return undefined;
    prototypes[className as InterfaceName] = prototype;
  }
  for (const className in INTERFACES) {
    const { attributes, methods } = INTERFACES[className as InterfaceName];
    const members: readonly string[] = [...attributes, ...methods];
    for (let index = 0; index < members.length; index += 1) {
      wrapMember(prototypes[className as InterfaceName], members[index] ?? '', slot.get, disguise);
    }
  }

  function create(className: InterfaceName, state: State): object {
    // A proxy, because proxies are what cannot be cloned: structured cloning and messages refuse the browser's own objects.
    const created = new IntrinsicProxy(createObject(prototypes[className]), bare({}));
    slot.set(created, state);
    return created;
  }

  return {
    has: (value) => slot.get(value) !== undefined,
    fromJson(credential) {
      const { id, type, authenticatorAttachment, clientExtensionResults } = credential;
      const response =
        'attestationObject' in credential.response
          ? create('AuthenticatorAttestationResponse', attestationState(credential.response))
          : create('AuthenticatorAssertionResponse', assertionState(credential.response));
      return create('PublicKeyCredential', {
        fields: bare({
          id,
          type,
          rawId: buffer(credential.rawId),
          response,
          authenticatorAttachment: authenticatorAttachment ?? null,
        }),
        methods: bare({
          getClientExtensionResults: () => extensionResults(clientExtensionResults),
          toJSON: () => copyOf(credential),
        }),
      });
    },
  };
}

function attestationState(response: RegistrationResponseJson['response']): State {
  // Chromium gives the same buffer for every call, Firefox a new one.
  const given = (encoded: string): (() => ArrayBuffer) => {
    const first = buffer(encoded);
    return () => (isGecko ? buffer(encoded) : first);
  };
  return {
    fields: bare({
      clientDataJSON: buffer(response.clientDataJSON),
      attestationObject: buffer(response.attestationObject),
    }),
    methods: bare({
      getAuthenticatorData: given(response.authenticatorData),
      getPublicKey: response.publicKey === undefined ? () => null : given(response.publicKey),
      getPublicKeyAlgorithm: () => response.publicKeyAlgorithm,
      getTransports: () => copyOf(response.transports),
    }),
  };
}

function assertionState(response: AuthenticationResponseJson['response']): State {
  return {
    fields: bare({
      clientDataJSON: buffer(response.clientDataJSON),
      authenticatorData: buffer(response.authenticatorData),
      signature: buffer(response.signature),
      userHandle: response.userHandle === undefined ? null : buffer(response.userHandle),
    }),
    methods: bare({}),
  };
}

/** Replaces one accessor or method by a proxy that serves our objects and passes all others to the native function. */
function wrapMember(prototype: object, name: string, stateOf: (target: unknown) => State | undefined, disguise: Disguise): void {
  const descriptor = propertyDescriptor(prototype, name);
  if (descriptor === undefined) return;
  const kind = descriptor.get === undefined ? 'value' : 'get';
  const native = descriptor[kind] as unknown;
  if (typeof native !== 'function') return;
  descriptor[kind] = disguise(native as (...args: never[]) => unknown, (target, thisArgument, args) => {
    const state = stateOf(thisArgument);
    if (state !== undefined && kind === 'get' && name in state.fields) return state.fields[name];
    if (state !== undefined && kind === 'value' && name in state.methods) return state.methods[name]?.();
    // Not ours, or ours but of another class: the browser's function says so.
    return call(target, thisArgument, args);
  });
  defineProperty(prototype, name, descriptor);
}

/** A copy of the results in which byte strings are buffers: those of prf, largeBlob and getCredBlob. */
function extensionResults(results: unknown): unknown {
  const copied = copyOf(results);
  decodeMember(copied, 'getCredBlob');
  decodeMember(ownMember(copied, 'largeBlob'), 'blob');
  const values = ownMember(ownMember(copied, 'prf'), 'results');
  decodeMember(values, 'first');
  decodeMember(values, 'second');
  return copied;
}

/** Plain data for the page: fresh each time, so that what the page does to one result does not show in the next. */
function copyOf(value: unknown): unknown {
  return copyPlain(value, objectPrototype);
}
