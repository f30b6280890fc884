import { provideWebauthn } from './absent/provide-webauthn.ts';
import { decideMediation, type MediatedCall } from './mediation.ts';
import { openChannel, type Channel } from './channel.ts';
import { createDisguise, type Disguise } from './disguise.ts';
import { installCredentialObjects, type CredentialObjects } from './credential-objects.ts';
import {
  addListener,
  call,
  defaultView,
  defineProperty,
  IntrinsicDomException,
  IntrinsicPromise,
  IntrinsicTypeError,
  isGecko,
  propertyDescriptor,
  removeListener,
  signalAborted,
  signalReason,
} from './intrinsics.ts';
import { LOST_ANSWER, type PageError, type PageMethod } from '../../shared/wire/page.ts';

/**
 * Runs in the page's own realm at document_start, in every frame, before any script of the page. Patches
 * `CredentialsContainer.prototype.create` and `get`; whatever it does not serve goes to the native function with the
 * page's own arguments.
 */

type NativeFunction = (...args: never[]) => unknown;

function exceptionFor({ name, message }: PageError): unknown {
  return name === 'TypeError' ? new IntrinsicTypeError(message) : new IntrinsicDomException(message, name);
}

function perform(
  channel: Channel,
  objects: CredentialObjects,
  method: PageMethod,
  { options, signal }: MediatedCall,
  native: () => unknown,
): Promise<unknown> {
  return new IntrinsicPromise((resolve, reject) => {
    if (signal !== undefined && signalAborted(signal) === true) {
      reject(signalReason(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signalReason(signal));
    };
    const cancel = channel.request(method, options, (answer) => {
      if (signal !== undefined) removeListener(signal, 'abort', onAbort);
      try {
        if (!answer.ok) reject(exceptionFor(answer.error));
        else if (answer.result.outcome === 'standAside') resolve(native());
        else resolve(objects.fromJson(answer.result.credential));
      } catch {
        // A credential that cannot be rebuilt is a fault of ours; the page must not wait for ever because of it.
        reject(exceptionFor(LOST_ANSWER));
      }
    });
    if (signal !== undefined) addListener(signal, 'abort', onAbort);
  });
}

/** Replaces a method of the container by a proxy of it: name, length, checks and descriptor stay the native ones. */
function wrap(
  disguise: Disguise,
  name: PageMethod | 'store',
  apply: (container: unknown, args: unknown[], native: () => unknown) => unknown,
): void {
  const prototype = CredentialsContainer.prototype;
  const descriptor = propertyDescriptor(prototype, name);
  const native: unknown = descriptor?.value;
  if (descriptor === undefined || typeof native !== 'function') return;
  const value = disguise(native as NativeFunction, (target, thisArgument, args) =>
    apply(thisArgument, args, () => call(target, thisArgument, args)),
  );
  defineProperty(prototype, name, { ...descriptor, value });
}

function install(): void {
  // Insecure contexts have no credentials container; there is nothing to mediate and nothing to show.
  if (!isSecureContext) return;
  provideWebauthn(globalThis);
  const disguise = createDisguise(globalThis);
  const objects = installCredentialObjects(globalThis, disguise);
  if (objects === undefined) return;
  const channel = openChannel(window);
  const container = navigator.credentials;
  const ownDocument = document;

  const mediate = (method: PageMethod): void => {
    wrap(disguise, method, (thisArgument, args, native) => {
      // A frame that was taken out of its page has no relay that could answer.
      if (thisArgument !== container || !channel.connected || defaultView(ownDocument) === null) return native();
      const mediated = decideMediation(method, args[0]);
      return mediated === undefined ? native() : perform(channel, objects, method, mediated, native);
    });
  };
  mediate('create');
  mediate('get');
  // The native function takes our credentials for no credentials at all, and would say so.
  wrap(disguise, 'store', (thisArgument, args, native) => {
    if (thisArgument !== container || !objects.has(args[0])) return native();
    const error = { name: 'NotSupportedError', message: isGecko ? 'Operation is not supported' : 'Store operation not permitted for this credential type.' };
    return new IntrinsicPromise((_resolve, reject) => reject(exceptionFor(error)));
  });
}

install();
