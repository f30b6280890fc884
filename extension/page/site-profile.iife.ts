import { type Brand, chromeBrands, chromeUserAgent } from '../../shared/site-profile/chrome-user-agent.ts';
import type { SiteChange } from '../../shared/site-profile/profile.ts';

/** The changes of one profile, written into its script by the build. */
declare const __SITE_CHANGES__: readonly SiteChange[];

/**
 * Runs in the realm of a sign-in page at document_start, while the page's profile is on: makes the page see what the
 * profile says. It serves the page, which may undo it; nothing of Keystile depends on it.
 */

const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;

type AnyFunction = (...args: never[]) => unknown;

/** A function that answers with what becomes of the native answer; its name, length and checks stay the native ones. */
function answeringWith(native: AnyFunction, change: (answer: unknown) => unknown): AnyFunction {
  return new Proxy(native, { apply: (target, thisArgument, args) => change(apply(target, thisArgument, args)) });
}

function changeGetter(prototype: object | undefined, name: string, change: (answer: unknown) => unknown): void {
  const descriptor = prototype && getOwnPropertyDescriptor(prototype, name);
  if (prototype === undefined || descriptor?.get === undefined) return;
  defineProperty(prototype, name, { ...descriptor, get: answeringWith(descriptor.get, change) });
}

function changeMethod(prototype: object | undefined, name: string, change: (answer: unknown) => unknown): void {
  const descriptor = prototype && getOwnPropertyDescriptor(prototype, name);
  if (prototype === undefined || typeof descriptor?.value !== 'function') return;
  defineProperty(prototype, name, { ...descriptor, value: answeringWith(descriptor.value as AnyFunction, change) });
}

/** Whatever the page makes of its global object, the member reads as `value`. */
function pinMember(object: string, member: string, value: unknown): void {
  let current: unknown;
  const pin = (next: unknown): void => {
    current = next;
    if (typeof next !== 'object' || next === null) return;
    // An object that the page has sealed stays as it is.
    defineProperty(next, member, { configurable: true, enumerable: true, get: () => value, set: () => undefined });
  };
  pin(getOwnPropertyDescriptor(globalThis, object)?.value);
  defineProperty(globalThis, object, { configurable: true, enumerable: true, get: () => current, set: pin });
}

/** Every list of brands in an answer of the browser. */
function withChromeBrands(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer;
  const lists = Object.entries(answer).filter(([, value]) => Array.isArray(value) && isBrands(value));
  return { ...answer, ...Object.fromEntries(lists.map(([name, value]) => [name, chromeBrands(value as Brand[])])) };
}

function isBrands(list: readonly unknown[]): boolean {
  return list.every((entry) => typeof entry === 'object' && entry !== null && 'brand' in entry && 'version' in entry);
}

function presentChrome(): void {
  const navigatorPrototype = Navigator.prototype;
  const present = (own: unknown): unknown => (typeof own === 'string' ? (chromeUserAgent(own) ?? own) : own);
  changeGetter(navigatorPrototype, 'userAgent', present);
  // By definition the user agent without its first word.
  const whole = navigator.userAgent;
  changeGetter(navigatorPrototype, 'appVersion', () => whole.replace(/^Mozilla\//, ''));
  changeGetter(navigatorPrototype, 'vendor', () => 'Google Inc.');

  const { NavigatorUAData } = globalThis as { NavigatorUAData?: { prototype: object } };
  const dataPrototype = NavigatorUAData?.prototype;
  changeGetter(dataPrototype, 'brands', (brands) => Object.freeze([...chromeBrands(brands as readonly Brand[])]));
  changeMethod(dataPrototype, 'toJSON', withChromeBrands);
  changeMethod(dataPrototype, 'getHighEntropyValues', (values) =>
    values instanceof Promise ? values.then(withChromeBrands) : values,
  );
}

for (const change of __SITE_CHANGES__) {
  if (change.kind === 'pageVariable') pinMember(change.object, change.member, change.value);
  else presentChrome();
}
