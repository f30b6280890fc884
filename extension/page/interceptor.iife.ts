import { decideMediation, type MediatedCall } from './mediation.ts';
import { openChannel, type Channel } from './channel.ts';
import { installCredentialObjects, type CredentialObjects } from './credential-objects.ts';
import {
  addListener,
  call,
  defaultView,
  defineProperty,
  IntrinsicDomException,
  IntrinsicPromise,
  IntrinsicProxy,
  IntrinsicTypeError,
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

function patch(container: object, ownDocument: Document, channel: Channel, objects: CredentialObjects, method: PageMethod): void {
  const prototype = CredentialsContainer.prototype;
  const descriptor = propertyDescriptor(prototype, method);
  const native: unknown = descriptor?.value;
  if (descriptor === undefined || typeof native !== 'function') return;
  const wrapped = new IntrinsicProxy(native as NativeFunction, {
    // Without a prototype, so that the page cannot add traps by way of Object.prototype.
    // @ts-expect-error -- `__proto__` in a literal sets the prototype; the handler type does not know it.
    __proto__: null,
    apply(target, thisArgument, args: unknown[]) {
      const callNative = (): unknown => call(target, thisArgument, args);
      // A frame that was taken out of its page has no relay that could answer.
      if (thisArgument !== container || !channel.connected || defaultView(ownDocument) === null) return callNative();
      const mediated = decideMediation(method, args[0]);
      return mediated === undefined ? callNative() : perform(channel, objects, method, mediated, callNative);
    },
  });
  defineProperty(prototype, method, { ...descriptor, value: wrapped });
}

function install(): void {
  // Insecure contexts have no credentials container; there is nothing to mediate and nothing to show.
  if (!isSecureContext || !('credentials' in navigator)) return;
  const objects = installCredentialObjects(globalThis);
  if (objects === undefined) return;
  const channel = openChannel(window);
  patch(navigator.credentials, document, channel, objects, 'create');
  patch(navigator.credentials, document, channel, objects, 'get');
}

install();
