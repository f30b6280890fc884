import type { Bytes } from '../../shared/bytes/bytes.ts';
import { success } from '../../shared/bytes/result.ts';
import {
  decodeLargeBlobArray,
  encodeLargeBlobArray,
  withoutLargeBlob,
  withoutOrphans,
} from '../ceremony/large-blob-array.ts';
import { readLargeBlobs, writeLargeBlobs } from '../ctap2/large-blobs.ts';
import type { ManagedKey } from './managed-key.ts';
import type { Authorised } from './token.ts';

/**
 * What became of the data that were stored with a deleted credential: there were none, they are gone, or they are still
 * there (nobody can read them; they take up space until the next deletion).
 */
export type LargeBlobFate = 'none' | 'removed' | 'left';

/** The credentials as they were told before one of them was deleted. */
interface Deletion {
  readonly deletedKey: Bytes;
  /** The `largeBlobKey` of every other credential that has one. */
  readonly livingKeys: readonly Bytes[];
}

/**
 * Removes the data of a deleted credential from the large-blob array, and with them those of credentials that were
 * deleted before. Everything else stays as it is; nothing is written where nothing changes, and the key takes only an array
 * with a checksum that fits.
 *
 * Source: CTAP 2.2 §6.10 (garbage collection of large blobs).
 *
 * @param authorised with the permission `lbw`.
 */
export async function cleanLargeBlobs(
  key: ManagedKey,
  { deletedKey, livingKeys }: Deletion,
  authorised: Authorised,
): Promise<LargeBlobFate> {
  const result = await authorised<LargeBlobFate>((token) => async (options) => {
    const serialized = await readLargeBlobs(key.device, key.info, options);
    if (!serialized.ok) return serialized;
    const array = decodeLargeBlobArray(serialized.value);
    if (array === undefined) return success('left');
    const cleaned = withoutOrphans(withoutLargeBlob(array, deletedKey), livingKeys);
    if (cleaned.length === array.length) return success('none');
    const written = await writeLargeBlobs(key.device, key.info, encodeLargeBlobArray(cleaned), token, options);
    return written.ok ? success('removed') : written;
  });
  // The credential is gone whatever became of its data.
  return result.ok ? result.value : 'left';
}
