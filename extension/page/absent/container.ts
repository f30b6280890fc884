import { LOST_ANSWER, type PageMethod } from '../../../shared/wire/page.ts';
import { convertCreationOptions, convertRequestOptions, dictionary, text } from '../convert-options.ts';
import { call, createObject, IntrinsicDomException, IntrinsicTypeError, signalAborted, signalReason } from '../intrinsics.ts';
import { addAsyncOperation, addAttribute, addInterface, type Behaviour, illegalInvocation } from './native-look.ts';

type AnyFunction = (...args: never[]) => unknown;
type Operations = Readonly<Record<string, AnyFunction | undefined>>;

const MEDIATIONS = { conditional: true, optional: true, required: true, silent: true, __proto__: null } as const;

/**
 * What the browser's own function would do without any authenticator: find fault with the arguments, else refuse.
 *
 * Source: Credential Management L1 §2.5.1, §2.5.4; WebAuthn L3 §5.1.3, §5.1.4.
 */
function refuse(method: PageMethod, argument: unknown): never {
  const { mediation, publicKey, signal } = argument === undefined || argument === null ? ({} as Record<string, unknown>) : dictionary(argument);
  if (mediation !== undefined && !(text(mediation) in MEDIATIONS)) throw new IntrinsicTypeError('The mediation is none that there is.');
  // Throws for whatever is no AbortSignal.
  const isAborted = signal !== undefined && signalAborted(signal);
  if (publicKey === undefined) throw new IntrinsicDomException('Only public keys are supported.', 'NotSupportedError');
  (method === 'create' ? convertCreationOptions : convertRequestOptions)(publicKey);
  if (isAborted === true) throw signalReason(signal);
  throw new IntrinsicDomException(LOST_ANSWER.message, LOST_ANSWER.name);
}

/**
 * Adds the credentials container, or, to one that knows other kinds of credentials, public keys.
 *
 * @param realm whose `navigator` gets it.
 */
export function addContainer(realm: typeof globalThis): void {
  const { navigator } = realm;
  const isThere = 'credentials' in navigator;
  // Firefox without WebAuthn keeps the interface, and no object of it.
  const { prototype } = 'CredentialsContainer' in realm ? realm.CredentialsContainer : addInterface(realm, 'CredentialsContainer', undefined);
  const container = isThere ? navigator.credentials : createObject(prototype);
  const natives = (isThere ? { ...pick(prototype) } : {}) as Operations;

  function add(name: string, length: number, behaviour: Behaviour): void {
    addAsyncOperation(prototype, name, length, (thisArgument, args) =>
      thisArgument === container ? behaviour(thisArgument, args) : illegalInvocation(),
    );
  }
  for (const method of ['create', 'get'] as const) {
    const native = natives[method];
    add(method, 0, (thisArgument, args) => {
      const argument = args[0] as { publicKey?: unknown } | undefined;
      return native !== undefined && argument?.publicKey === undefined ? call(native, thisArgument, args) : refuse(method, argument);
    });
  }
  if (isThere) return;
  add('preventSilentAccess', 0, () => undefined);
  add('store', 1, () => {
    throw new IntrinsicTypeError('This is no credential.');
  });
  addAttribute(Object.getPrototypeOf(navigator) as object, 'credentials', (thisArgument) =>
    thisArgument === navigator ? container : illegalInvocation(),
  );
}

function pick({ create, get }: { readonly create?: unknown; readonly get?: unknown }): object {
  return { create, get };
}
