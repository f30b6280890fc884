import { encodeBase64url } from '../../shared/bytes/base64url.ts';
import type {
  AuthenticatorSelectionJson,
  CreationOptionsJson,
  CredentialDescriptorJson,
  RequestOptionsJson,
} from '../../shared/webauthn/json.ts';
import {
  arrayBufferByteLength,
  bare,
  byteView,
  createObject,
  dataViewBuffer,
  dataViewByteLength,
  dataViewByteOffset,
  IntrinsicString,
  IntrinsicTypeError,
  isView,
  objectPrototype,
  put,
  typedArrayBuffer,
  typedArrayByteLength,
  typedArrayByteOffset,
  typedArrayTag,
} from './intrinsics.ts';

/**
 * Reads the page's option dictionaries as Web IDL does: each member once, in its type, bytes copied at the time of
 * the call. Whatever does not convert throws; the caller then leaves the call to the browser's own function, whose
 * exception is by definition the right one. Only a browser without WebAuthn has none: there, the exception is this one.
 */

type Dictionary = Readonly<Record<string, unknown>>;

const MISMATCH = 'A required member is missing, or a value is not of the type of its member.';

/** Web IDL's dictionaries, but for `undefined` and `null`, which every dictionary here refuses or has its own answer for. */
export function dictionary(value: unknown): Dictionary {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return value as Dictionary;
  throw new IntrinsicTypeError(MISMATCH);
}

/** A required member: `undefined` does not convert. */
export function required<Value>(value: unknown, convert: (value: unknown) => Value): Value {
  if (value === undefined) throw new IntrinsicTypeError(MISMATCH);
  return convert(value);
}

export function text(value: unknown): string {
  if (typeof value === 'symbol') throw new IntrinsicTypeError(MISMATCH);
  return IntrinsicString(value);
}

export function sequence<Value>(value: unknown, convert: (value: unknown) => Value): Value[] {
  const items: Value[] = [];
  // By the page's own iterator, as Web IDL has it.
  for (const item of dictionary(value) as unknown as Iterable<unknown>) put(items, items.length, convert(item));
  return items;
}

/** How the byte strings of a dictionary are written. */
type BytesOf = (value: unknown) => string;

/** A BufferSource, copied now: the page may change it while the ceremony runs. */
function bytes(value: unknown): string {
  if (!isView(value)) {
    // Throws for whatever is not an ArrayBuffer of any realm, SharedArrayBuffer included.
    const length = arrayBufferByteLength(value) as number;
    return encodeBase64url(byteView(value as ArrayBuffer, 0, length));
  }
  const typed = typedArrayTag(value) !== undefined;
  const buffer = (typed ? typedArrayBuffer : dataViewBuffer)(value) as ArrayBuffer;
  arrayBufferByteLength(buffer);
  const offset = (typed ? typedArrayByteOffset : dataViewByteOffset)(value) as number;
  const length = (typed ? typedArrayByteLength : dataViewByteLength)(value) as number;
  return encodeBase64url(byteView(buffer, offset, length));
}

/** Sets a member only when the page gave one: absent and undefined are the same in Web IDL. */
function optional<Name extends string, Value>(
  name: Name,
  value: unknown,
  convert: (value: unknown) => Value,
): Partial<Record<Name, Value>> {
  return (value === undefined ? {} : { [name]: convert(value) }) as Partial<Record<Name, Value>>;
}

// Operators and no functions: they need nothing of the realm, and refuse BigInt as Web IDL does.
const toUnsignedLong = (value: unknown): number => (value as number) >>> 0;
const toLong = (value: unknown): number => (value as number) | 0;
const toBoolean = (value: unknown): boolean => !!value;

function descriptors(list: unknown, bytesOf: BytesOf): CredentialDescriptorJson[] {
  return sequence(list, (value) => {
    const { id, transports, type } = dictionary(value);
    return {
      type: required(type, text),
      id: required(id, bytesOf),
      ...optional('transports', transports, (names) => sequence(names, text)),
    };
  });
}

function selection(value: unknown): AuthenticatorSelectionJson {
  if (value === null) return {};
  const { authenticatorAttachment, requireResidentKey, residentKey, userVerification } = dictionary(value);
  return {
    ...optional('authenticatorAttachment', authenticatorAttachment, text),
    ...optional('residentKey', residentKey, text),
    ...optional('requireResidentKey', requireResidentKey, toBoolean),
    ...optional('userVerification', userVerification, text),
  };
}

const MAX_EXTENSION_DEPTH = 6;

/**
 * Members of the extension inputs, at any depth, whose values convert to something else than what they seem to be, or
 * do not convert at all. Source: WebAuthn L3 §10.1, CTAP 2.2 §12 (partial dictionaries).
 */
const EXTENSION_TYPES: Readonly<Record<string, 'text' | 'bytes' | 'dictionary'>> = bare({
  appid: 'text',
  appidExclude: 'text',
  support: 'text',
  credentialProtectionPolicy: 'text',
  credBlob: 'bytes',
  first: 'bytes',
  second: 'bytes',
  write: 'bytes',
  prf: 'dictionary',
  eval: 'dictionary',
  largeBlob: 'dictionary',
});

/** Extension inputs are dictionaries of scalars and bytes; what they mean is decided behind the page. */
function extensionMembers(members: Dictionary, bytesOf: BytesOf, depth: number): object {
  if (depth > MAX_EXTENSION_DEPTH) throw new IntrinsicTypeError(MISMATCH);
  const converted = createObject(null);
  for (const name in members) {
    // Inherited members count, but not what a script of the page added to every object.
    if (name in objectPrototype) continue;
    const value = members[name];
    if (value !== undefined) put(converted, name, extensionValue(EXTENSION_TYPES[name], value, bytesOf, depth + 1));
  }
  return converted;
}

function extensionValue(type: string | undefined, value: unknown, bytesOf: BytesOf, depth: number): unknown {
  if (type === 'text') return text(value);
  if (type === 'bytes') return bytesOf(value);
  if (type === 'dictionary') return value === null ? createObject(null) : extensionMembers(dictionary(value), bytesOf, depth);
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return isView(value) || isArrayBuffer(value) ? bytes(value) : extensionMembers(value as Dictionary, bytesOf, depth);
}

function isArrayBuffer(value: unknown): boolean {
  try {
    arrayBufferByteLength(value);
    return true;
  } catch {
    return false;
  }
}

/** PublicKeyCredentialCreationOptions in JSON form. Throws when a member does not convert. */
export function convertCreationOptions(value: unknown, bytesOf: BytesOf = bytes): CreationOptionsJson {
  const options = dictionary(value);
  const rp = dictionary(options['rp']);
  const user = dictionary(options['user']);
  return {
    rp: { ...optional('id', rp['id'], text), name: required(rp['name'], text) },
    user: {
      id: required(user['id'], bytesOf),
      name: required(user['name'], text),
      displayName: required(user['displayName'], text),
    },
    challenge: required(options['challenge'], bytesOf),
    pubKeyCredParams: sequence(options['pubKeyCredParams'], (entry) => {
      const { alg, type } = dictionary(entry);
      return { type: required(type, text), alg: required(alg, toLong) };
    }),
    ...optional('timeout', options['timeout'], toUnsignedLong),
    ...optional('excludeCredentials', options['excludeCredentials'], (list) => descriptors(list, bytesOf)),
    ...optional('authenticatorSelection', options['authenticatorSelection'], selection),
    ...optional('hints', options['hints'], (list) => sequence(list, text)),
    ...optional('attestation', options['attestation'], text),
    ...attestationFormats(options['attestationFormats']),
    ...extensions(options['extensions'], bytesOf),
  };
}

/** PublicKeyCredentialRequestOptions in JSON form. Throws when a member does not convert. */
export function convertRequestOptions(value: unknown, bytesOf: BytesOf = bytes): RequestOptionsJson {
  const options = dictionary(value);
  return {
    challenge: required(options['challenge'], bytesOf),
    ...optional('timeout', options['timeout'], toUnsignedLong),
    ...optional('rpId', options['rpId'], text),
    ...optional('allowCredentials', options['allowCredentials'], (list) => descriptors(list, bytesOf)),
    ...optional('userVerification', options['userVerification'], text),
    ...optional('hints', options['hints'], (list) => sequence(list, text)),
    ...extensions(options['extensions'], bytesOf),
  };
}

/** Chromium does not know the member yet, and so refuses nothing for it. */
function attestationFormats(value: unknown): { attestationFormats?: string[] } {
  return typeof value === 'object' && value !== null ? { attestationFormats: sequence(value, text) } : {};
}

function extensions(value: unknown, bytesOf: BytesOf): { extensions?: Record<string, unknown> } {
  if (value === undefined || value === null) return {};
  // In the JSON form, their bytes stay the texts that they are there.
  return { extensions: extensionMembers(dictionary(value), bytesOf === bytes ? bytes : text, 0) as Record<string, unknown> };
}
