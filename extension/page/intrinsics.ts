/**
 * What the page script needs of the page's realm, taken before any script of the page runs. The page may replace
 * every global and every prototype method afterwards; code here calls only what was captured.
 */
const { apply, getOwnPropertyDescriptor } = Reflect;

type AnyFunction = (...args: never[]) => unknown;

/** Calls a captured function; works whatever became of `Function.prototype`. */
export const call = apply as (target: AnyFunction, thisArgument: unknown, args: ArrayLike<unknown>) => unknown;

/** Creates an object with the given prototype and no own members. */
export const createObject = Object.create as (prototype: object | null) => object;
export const defineProperty = Reflect.defineProperty;
export const propertyDescriptor = getOwnPropertyDescriptor;

export const IntrinsicPromise = Promise;
export const IntrinsicProxy = Proxy;
export const IntrinsicTypeError = TypeError;
export const IntrinsicDomException = DOMException;
export const IntrinsicMessageChannel = MessageChannel;
export const IntrinsicMessageEvent = MessageEvent;
export const IntrinsicUint8Array = Uint8Array;

const cryptoObject = crypto;
const { getRandomValues } = Crypto.prototype;

/** 16 random bytes. */
export function randomId(): Uint8Array {
  return call(getRandomValues, cryptoObject, [new IntrinsicUint8Array(16)]) as Uint8Array;
}

/** The getter of an accessor property of a prototype; throws a TypeError when called on an object of another class. */
function getterOf(prototype: object, name: string): (target: unknown) => unknown {
  const getter = getOwnPropertyDescriptor(prototype, name)?.get;
  return (target) => (getter === undefined ? undefined : call(getter, target, []));
}

/** A method of a prototype as a function of its target. */
function methodOf(prototype: object, name: string): (target: unknown, ...args: unknown[]) => unknown {
  const method = (prototype as Record<string, AnyFunction>)[name];
  return (target, ...args) => (method === undefined ? undefined : call(method, target, args));
}

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

export const isView = ArrayBuffer.isView.bind(ArrayBuffer) as (value: unknown) => boolean;
export const arrayBufferByteLength = getterOf(ArrayBuffer.prototype, 'byteLength');
export const typedArrayBuffer = getterOf(typedArrayPrototype, 'buffer');
export const typedArrayByteOffset = getterOf(typedArrayPrototype, 'byteOffset');
export const typedArrayByteLength = getterOf(typedArrayPrototype, 'byteLength');
export const dataViewBuffer = getterOf(DataView.prototype, 'buffer');
export const dataViewByteOffset = getterOf(DataView.prototype, 'byteOffset');
export const dataViewByteLength = getterOf(DataView.prototype, 'byteLength');
/** Undefined for everything that is no typed array. */
export const typedArrayTag = getterOf(typedArrayPrototype, Symbol.toStringTag as unknown as string);
export const sliceBuffer = methodOf(ArrayBuffer.prototype, 'slice');

export const signalAborted = getterOf(AbortSignal.prototype, 'aborted');
export const signalReason = getterOf(AbortSignal.prototype, 'reason');
export const addListener = methodOf(EventTarget.prototype, 'addEventListener');
export const removeListener = methodOf(EventTarget.prototype, 'removeEventListener');
export const dispatch = methodOf(EventTarget.prototype, 'dispatchEvent');

export const postToPort = methodOf(MessagePort.prototype, 'postMessage');
export const startPort = methodOf(MessagePort.prototype, 'start');
export const closePort = methodOf(MessagePort.prototype, 'close');
export const messageData = getterOf(MessageEvent.prototype, 'data');
export const channelPort1 = getterOf(MessageChannel.prototype, 'port1');
export const channelPort2 = getterOf(MessageChannel.prototype, 'port2');

const weakMapGet = methodOf(WeakMap.prototype, 'get');
const weakMapSet = methodOf(WeakMap.prototype, 'set');

/** A private slot: a value for an object, invisible to the page. */
export interface Slot<Value> {
  readonly get: (target: unknown) => Value | undefined;
  readonly set: (target: object, value: Value) => void;
}

/** Creates a slot over a WeakMap whose methods the page cannot replace. */
export function createSlot<Value>(): Slot<Value> {
  const map = new WeakMap<object, Value>();
  return {
    get: (target) => weakMapGet(map, target) as Value | undefined,
    set: (target, value) => {
      weakMapSet(map, target, value);
    },
  };
}
