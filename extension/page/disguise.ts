import { bare, call, createSlot, defineProperty, IntrinsicProxy, propertyDescriptor } from './intrinsics.ts';

type NativeFunction = (...args: never[]) => unknown;

/**
 * Puts a function of ours in the place of a native one: name, length, own keys, construction and source text are those
 * of the native one, because it is a proxy of it.
 */
export type Disguise = (
  native: NativeFunction,
  apply: (native: NativeFunction, thisArgument: unknown, args: unknown[]) => unknown,
) => NativeFunction;

/**
 * A proxy's source text lacks the name of its function, so `Function.prototype.toString` of the realm is replaced, too:
 * it gives the source text of the native function for those disguised in this realm, itself among them.
 *
 * Source: ECMAScript §20.2.3.5 (a callable without source text is `function () { [native code] }`).
 */
export function createDisguise(realm: typeof globalThis): Disguise {
  const originals = createSlot<NativeFunction>();
  const disguise: Disguise = (native, apply) => {
    // Without a prototype, so that the page cannot add traps by way of Object.prototype.
    const proxy = new IntrinsicProxy(native, bare({ apply }));
    originals.set(proxy, native);
    return proxy;
  };
  const { prototype } = realm.Function as { prototype: object };
  const descriptor = propertyDescriptor(prototype, 'toString');
  if (descriptor === undefined) return disguise;
  const value = disguise(descriptor.value as NativeFunction, (native, thisArgument, args) =>
    call(native, originals.get(thisArgument) ?? thisArgument, args),
  );
  defineProperty(prototype, 'toString', { ...descriptor, value });
  return disguise;
}
