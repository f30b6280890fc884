import type { Bytes } from '../../shared/bytes/bytes.ts';
import { encodeHex } from '../../shared/bytes/hex.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import { type ManagementError, managementFailure } from './errors.ts';

/**
 * Finds the one entry whose id begins with the given hexadecimal digits, of either case. An id that is given whole wins
 * over longer ones that begin the same.
 */
export function findById<Entry extends { readonly id: Bytes }>(
  entries: readonly Entry[],
  text: string,
  noun: string,
): Result<Entry, ManagementError> {
  const wanted = text.toLowerCase();
  const matches = wanted === '' ? [] : entries.filter(({ id }) => encodeHex(id).startsWith(wanted));
  const found = matches.length === 1 ? matches[0] : matches.find(({ id }) => encodeHex(id) === wanted);
  if (found !== undefined) return success(found);
  if (matches.length === 0) return managementFailure('notFound', `The key has no ${noun} whose ID begins with these digits.`);
  return managementFailure('ambiguous', `Several ${noun}s have IDs that begin with these digits: give more of them.`);
}
