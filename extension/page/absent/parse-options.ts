import { buffer, decodeMember, ownMember } from '../byte-members.ts';
import { convertCreationOptions, convertRequestOptions, text } from '../convert-options.ts';
import { copyPlain, objectPrototype } from '../intrinsics.ts';

/** Options with buffers, from their JSON form. Source: WebAuthn L3 §5.1.8, §5.1.9. */

// What is converted has the shape of the JSON form, but for the bytes.
const bytesOf = (value: unknown): string => buffer(text(value)) as unknown as string;

function extensionsOf(inputs: unknown): object {
  const copied = copyPlain(inputs, objectPrototype);
  decodeMember(copied, 'credBlob');
  decodeMember(ownMember(copied, 'largeBlob'), 'write');
  const prf = ownMember(copied, 'prf');
  decodeValues(ownMember(prf, 'eval'));
  const byCredential = ownMember(prf, 'evalByCredential');
  for (const id in byCredential) decodeValues(ownMember(byCredential, id));
  return copied as object;
}

function decodeValues(values: unknown): void {
  decodeMember(values, 'first');
  decodeMember(values, 'second');
}

/** A dictionary as it comes out of Web IDL: with its defaults, and the extensions only when there were any. */
function withDefaults(defaults: object, converted: { readonly extensions?: object }): object {
  const { extensions } = converted;
  return { ...defaults, ...converted, ...(extensions === undefined ? {} : { extensions: extensionsOf(extensions) }) };
}

/** @throws TypeError for what does not convert, DOMException EncodingError for what is not base64url. */
export function parseCreationOptions(value: unknown): object {
  const defaults = { attestation: 'none', attestationFormats: [], excludeCredentials: [], hints: [] };
  return withDefaults(defaults, convertCreationOptions(value, bytesOf));
}

/** @throws TypeError for what does not convert, DOMException EncodingError for what is not base64url. */
export function parseRequestOptions(value: unknown): object {
  const defaults = { allowCredentials: [], hints: [], userVerification: 'preferred' };
  return withDefaults(defaults, convertRequestOptions(value, bytesOf));
}
