import type { Bytes } from '../../shared/bytes/bytes.ts';
import { readLargeBlobs, writeLargeBlobs } from '../ctap2/large-blobs.ts';
import { PinUvAuthPermission } from '../ctap2/pin-uv-auth/token.ts';
import {
  decodeLargeBlobArray,
  encodeLargeBlobArray,
  findLargeBlob,
  type LargeBlobArray,
  withLargeBlob,
} from './large-blob-array.ts';
import { isTokenRefused, type OperationAccess } from './token-use.ts';

/** Reads the array; `undefined` when the key does not give it, which is no reason to lose the assertion. */
export async function readArray({ device, info, options }: OperationAccess): Promise<LargeBlobArray | undefined> {
  const serialized = await readLargeBlobs(device, info, options);
  return serialized.ok ? decodeLargeBlobArray(serialized.value) : undefined;
}

/** The blob of one credential out of the array. */
export function blobOf(array: LargeBlobArray | undefined, key: Bytes | undefined): { readonly blob?: Bytes } {
  const blob = array === undefined || key === undefined ? undefined : findLargeBlob(array, key);
  return blob === undefined ? {} : { blob };
}

/**
 * Stores the blob of one credential and leaves the others as they are: the array is read, changed and written. The key
 * takes it only with a checksum that fits.
 *
 * @returns whether the key holds it now.
 */
export async function storeBlob(access: OperationAccess, key: Bytes | undefined, blob: Bytes): Promise<boolean> {
  const array = key === undefined ? undefined : await readArray(access);
  if (key === undefined || array === undefined) return false;
  const serialized = encodeLargeBlobArray(withLargeBlob(array, key, blob));
  const { device, info, options } = access;
  if (serialized.length > (info.maxSerializedLargeBlobArray ?? Infinity)) return false;
  let written = await writeLargeBlobs(device, info, serialized, access.token, options);
  if (!written.ok && isTokenRefused(written.error)) {
    // Some keys let a touch end the whole token, although the permission to write should outlive it.
    const token = await access.renewToken(PinUvAuthPermission.largeBlobWrite);
    if (token === undefined) return false;
    written = await writeLargeBlobs(device, info, serialized, token, options);
    token.destroy();
  }
  return written.ok;
}

