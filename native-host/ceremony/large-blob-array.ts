import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { type Bytes, concatBytes, copyBytes, encodeUtf8, equalBytes } from '../../shared/bytes/bytes.ts';
import { decodeCbor, encodeCbor } from '../../shared/cbor/codec.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../shared/cbor/value.ts';
import { bytesMember, countMember } from '../ctap2/members.ts';

/**
 * The large-blob array as a platform reads and changes it: elements of other credentials, and such as are not understood,
 * stay as they are. Source: CTAP 2.2 §6.10.3 "Large, per-credential blobs", §6.10.4.
 */
export type LargeBlobArray = readonly CborValue[];

const CHECKSUM_LENGTH = 16;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const CIPHER = 'aes-256-gcm';

/** Bytes that a blob is inflated to at most: an element says its size itself, and could say anything. */
const LARGEST_BLOB = 1_048_576;

/**
 * Decodes what the key stores. A broken checksum (power was cut while it was written) counts as the empty array.
 *
 * @returns `undefined` for what is whole, but cannot be read here: it must not be written over.
 */
export function decodeLargeBlobArray(serialized: Bytes): LargeBlobArray | undefined {
  const end = Math.max(0, serialized.length - CHECKSUM_LENGTH);
  const encoded = serialized.slice(0, end);
  if (!equalBytes(serialized.slice(end), checksum(encoded))) return [];
  const decoded = decodeCbor(encoded);
  return decoded.ok && isCborArray(decoded.value.value) ? decoded.value.value : undefined;
}

/** Encodes the array with its checksum. */
export function encodeLargeBlobArray(array: LargeBlobArray): Bytes {
  const encoded = encodeCbor(array);
  return concatBytes(encoded, checksum(encoded));
}

/** The blob of the credential with that `largeBlobKey` (32 bytes); `undefined` when the array holds none. */
export function findLargeBlob(array: LargeBlobArray, key: Bytes): Bytes | undefined {
  for (const element of array) {
    const opened = isCborMap(element) ? openElement(element, key) : undefined;
    if (opened !== undefined) return opened;
  }
  return undefined;
}

/** The array with the credential's blob replaced, or added. */
export function withLargeBlob(array: LargeBlobArray, key: Bytes, blob: Bytes): LargeBlobArray {
  return [...withoutLargeBlob(array, key), sealElement(key, blob)];
}

/**
 * The array without the blobs that none of these credentials opens. What is no blob as this version knows it stays.
 *
 * Source: CTAP 2.2 §6.10 (garbage collection of large blobs).
 *
 * @param keys the `largeBlobKey` of every credential that lives.
 */
export function withoutOrphans(array: LargeBlobArray, keys: readonly Bytes[]): LargeBlobArray {
  return array.filter((element) => {
    if (!isCborMap(element) || !isSealed(element)) return true;
    return keys.some((key) => decrypt(element, key) !== undefined);
  });
}

/** The array without the blob of one credential. */
export function withoutLargeBlob(array: LargeBlobArray, key: Bytes): LargeBlobArray {
  return array.filter((element) => !isCborMap(element) || decrypt(element, key) === undefined);
}

function sealElement(key: Bytes, blob: Bytes): CborMap {
  const nonce = copyBytes(randomBytes(NONCE_LENGTH));
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(associatedData(blob.length));
  const ciphertext = concatBytes(cipher.update(deflateRawSync(blob)), cipher.final(), cipher.getAuthTag());
  return new Map<CborValue, CborValue>([
    [1, ciphertext],
    [2, nonce],
    [3, blob.length],
  ]);
}

function openElement(element: CborMap, key: Bytes): Bytes | undefined {
  const compressed = decrypt(element, key);
  const size = countMember(element, 3);
  if (compressed === undefined || size === undefined) return undefined;
  try {
    const blob = inflateRawSync(compressed, { maxOutputLength: Math.max(1, size) });
    return blob.length === size ? copyBytes(blob) : undefined;
  } catch {
    // Whoever wrote it wrote no DEFLATE stream of that size: there is no blob to be had.
    return undefined;
  }
}

/** Has the members of a blob, of possible sizes. */
function isSealed(element: CborMap): boolean {
  const size = countMember(element, 3);
  const ciphertext = bytesMember(element, 1);
  const isLongEnough = ciphertext !== undefined && ciphertext.length >= TAG_LENGTH;
  return isLongEnough && bytesMember(element, 2)?.length === NONCE_LENGTH && size !== undefined && size <= LARGEST_BLOB;
}

function decrypt(element: CborMap, key: Bytes): Bytes | undefined {
  const ciphertext = bytesMember(element, 1);
  const nonce = bytesMember(element, 2);
  const size = countMember(element, 3);
  if (ciphertext === undefined || ciphertext.length < TAG_LENGTH) return undefined;
  if (nonce?.length !== NONCE_LENGTH || size === undefined || size > LARGEST_BLOB) return undefined;
  const end = ciphertext.length - TAG_LENGTH;
  const decipher = createDecipheriv(CIPHER, key, nonce).setAAD(associatedData(size)).setAuthTag(ciphertext.slice(end));
  try {
    return concatBytes(decipher.update(ciphertext.slice(0, end)), decipher.final());
  } catch {
    // The tag does not fit: the element is another credential's.
    return undefined;
  }
}

/** "blob" and the original size as 64 bits, little-endian. */
function associatedData(size: number): Bytes {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(size), true);
  return concatBytes(encodeUtf8('blob'), length);
}

function checksum(encoded: Bytes): Bytes {
  return copyBytes(createHash('sha256').update(encoded).digest().subarray(0, CHECKSUM_LENGTH));
}
