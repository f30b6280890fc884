/**
 * What the page script needs of the page's realm, taken before any script of the page runs. The page may replace
 * every global and every prototype method afterwards; code here calls only what was captured.
 */
const { apply, getOwnPropertyDescriptor, ownKeys, setPrototypeOf } = Reflect;

type AnyFunction = (...args: never[]) => unknown;

/** Calls a captured function; works whatever became of `Function.prototype`. */
export const call = apply as (target: AnyFunction, thisArgument: unknown, args: ArrayLike<unknown>) => unknown;

/** Creates an object with the given prototype and no own members. */
export const createObject = Object.create as (prototype: object | null) => object;
export const defineProperty = Reflect.defineProperty;
export const propertyDescriptor = getOwnPropertyDescriptor;
export const isArray = Array.isArray as (value: unknown) => value is readonly unknown[];
/** Throws for what does not convert, but not for symbols: Web IDL's strings refuse those. */
export const IntrinsicString = String;

export const IntrinsicPromise = Promise;
export const IntrinsicProxy = Proxy;
export const IntrinsicTypeError = TypeError;
export const IntrinsicDomException = DOMException;
export const IntrinsicMessageChannel = MessageChannel;
export const IntrinsicMessageEvent = MessageEvent;
export const IntrinsicEvent = Event;
export const startInterval = setInterval;
export const stopInterval = clearInterval;
const IntrinsicUint8Array = Uint8Array;
const IntrinsicArrayBuffer = ArrayBuffer;
const { iterator } = Symbol;

/** Where browsers differ in what a page can see. Gecko alone has this member. */
export const isGecko = 'mozInnerScreenX' in globalThis;

/** Takes the prototype off, so that the object has no member that the page added to Object.prototype. */
export function bare<Value extends object>(value: Value): Value {
  setPrototypeOf(value, null);
  return value;
}

/** Sets an own member, past any setter that the page put on a prototype. */
export function put(target: object, name: PropertyKey, value: unknown): void {
  defineProperty(target, name, bare({ value, writable: true, enumerable: true, configurable: true }));
}

/**
 * A copy of plain data as structured cloning gives it; only own members count, whatever became of the prototypes.
 *
 * @param prototype of the objects in the copy: the page's own for what the page gets, none for what is read here.
 */
export function copyPlain(value: unknown, prototype: object | null): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const isList = isArray(value);
  const names = ownKeys(value);
  const copied = isList ? [] : createObject(prototype);
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? '';
    // A list's length follows from its items.
    if (!isList || name !== 'length') put(copied, name, copyPlain((value as Record<PropertyKey, unknown>)[name], prototype));
  }
  return copied;
}

export const objectPrototype: object = Object.prototype;

/** A view whose length is read from itself and not from an accessor that the page may have replaced. */
export function byteView(buffer: ArrayBuffer, offset: number, length: number): Uint8Array {
  const view = new IntrinsicUint8Array(buffer, offset, length);
  put(view, 'length', length);
  return view;
}

/** A list of one item that iterates by itself: platform functions would use the page's array iterator. */
export function listOfOne(item: unknown): unknown[] {
  let isTaken = false;
  const next = (): object => {
    const step = bare({ done: isTaken, value: item });
    isTaken = true;
    return step;
  };
  const list = [item];
  put(list, iterator, () => bare({ next }));
  return list;
}

const cryptoObject = crypto;
const { getRandomValues } = Crypto.prototype;

/** 16 random bytes. */
export function randomId(): Uint8Array {
  return call(getRandomValues, cryptoObject, [byteView(new IntrinsicArrayBuffer(16), 0, 16)]) as Uint8Array;
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

/** The document's window; null once its frame is gone. */
export const defaultView = getterOf(Document.prototype, 'defaultView');

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
