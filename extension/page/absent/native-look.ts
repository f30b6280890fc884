import { bare, defineProperty, IntrinsicProxy, IntrinsicPromise, IntrinsicTypeError } from '../intrinsics.ts';

/** Functions and interface objects with the shape that Web IDL gives them. Source: Web IDL §3.7. */

type AnyFunction = (...args: never[]) => unknown;

/** What a function does: gets `this` and the arguments, by index, and may throw. */
export type Behaviour = (thisArgument: unknown, args: readonly unknown[]) => unknown;

const illegalConstructor = (): never => {
  throw new IntrinsicTypeError('Illegal constructor');
};

/** For an object of another class as `this`. */
export const illegalInvocation = (): never => {
  throw new IntrinsicTypeError('Illegal invocation');
};

function define(target: object, name: PropertyKey, descriptor: PropertyDescriptor): void {
  defineProperty(target, name, bare({ configurable: true, ...descriptor }));
}

function named(target: object, name: string, length: number): void {
  define(target, 'length', { value: length });
  define(target, 'name', { value: name });
}

/**
 * A function as the browser's own are: no constructor, no prototype, and a proxy, so that its source text is not told.
 */
function nativeFunction(name: string, length: number, behaviour: Behaviour): AnyFunction {
  const target = (): unknown => undefined;
  named(target, name, length);
  return new IntrinsicProxy<AnyFunction>(target, bare({
    apply: (_target: unknown, thisArgument: unknown, args: readonly unknown[]) => behaviour(thisArgument, args),
  }));
}

/** Adds a read-only attribute. */
export function addAttribute(prototype: object, name: string, behaviour: Behaviour): void {
  define(prototype, name, { get: nativeFunction(`get ${name}`, 0, behaviour), enumerable: true });
}

function needing(length: number, behaviour: Behaviour): Behaviour {
  return (thisArgument, args) => {
    if (args.length < length) throw new IntrinsicTypeError('1 argument required, but only 0 present.');
    return behaviour(thisArgument, args);
  };
}

/** Adds an operation. `length` is how many arguments the page has to give: none or one. */
export function addOperation(target: object, name: string, length: number, behaviour: Behaviour): void {
  const value = nativeFunction(name, length, needing(length, behaviour));
  define(target, name, { value, writable: true, enumerable: true });
}

/** Adds an operation that returns a promise: whatever is thrown rejects it. */
export function addAsyncOperation(target: object, name: string, length: number, behaviour: Behaviour): void {
  const checked = needing(length, behaviour);
  const value = nativeFunction(name, length, (thisArgument, args) =>
    new IntrinsicPromise((resolve) => resolve(checked(thisArgument, args))),
  );
  define(target, name, { value, writable: true, enumerable: true });
}

/** An interface object and its prototype object, both visible to the page. */
export interface InterfaceObject {
  readonly prototype: object;
}

/** Makes an interface that nobody can construct, as a global of the realm. */
export function addInterface(realm: object, name: string, parent: InterfaceObject | undefined): InterfaceObject {
  // A class, for its `prototype` that cannot be replaced.
  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- its shape is what is wanted
  const target = class {};
  named(target, name, 0);
  const made = new IntrinsicProxy(target, bare({ apply: illegalConstructor, construct: illegalConstructor }));
  if (parent !== undefined) {
    Object.setPrototypeOf(target, parent);
    Object.setPrototypeOf(target.prototype, parent.prototype);
  }
  define(target.prototype, 'constructor', { value: made, writable: true });
  define(target.prototype, Symbol.toStringTag, { value: name });
  define(realm, name, { value: made, writable: true });
  return made;
}
