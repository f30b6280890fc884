/** Bytes over a plain (never shared) buffer, the form that WebCrypto, node-hid and the decoders all take. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Joins the parts into one new array. Never throws; no parts give an empty array. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Compares two byte strings without leaving early, so that the time taken does not tell where they differ.
 * Different lengths are different; the lengths themselves are not secret.
 */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) {
    difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  }
  return difference === 0;
}

/**
 * Orders byte strings as CTAP2 orders map keys: the shorter first, then byte by byte.
 *
 * @returns a negative number, zero or a positive number, as `Array.prototype.sort` takes it.
 */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) return left.length - right.length;
  for (let index = 0; index < left.length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A copy over a buffer of its own, for bytes that arrive as a view (of a Node pool, of a page's buffer). */
export function copyBytes(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** UTF-8 bytes of the text (lone surrogates become U+FFFD, as everywhere on the web). */
export function encodeUtf8(text: string): Bytes {
  return encoder.encode(text);
}
