import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import type { FuzzInput } from './target.ts';

const MAX_ATTEMPTS = 3000;

/** The smallest input found that still fails: fields, blocks and bytes are left out or set to zero for as long as it does. */
export async function minimise(input: FuzzInput, fails: (input: FuzzInput) => Promise<boolean>): Promise<FuzzInput> {
  let best = input;
  let attempts = 0;
  const improves = async (candidate: FuzzInput): Promise<boolean> => {
    attempts += 1;
    if (attempts > MAX_ATTEMPTS || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let index = best.length - 1; index >= 0; index -= 1) await improves(best.filter((_, position) => position !== index));
  for (let index = 0; index < best.length; index += 1) {
    const put = (field: Bytes): FuzzInput => best.map((each, position) => (position === index ? field : each));
    const field = (): Bytes => best[index] ?? new Uint8Array();
    for (let size = field().length; size >= 1; size = Math.floor(size / 2)) {
      for (let start = 0; start < field().length; ) {
        const shorter = concatBytes(field().subarray(0, start), field().subarray(start + size));
        if (!(await improves(put(shorter)))) start += size;
      }
    }
    for (let position = 0; position < field().length; position += 1) {
      const zeroed = field().slice();
      if (zeroed[position] === 0) continue;
      zeroed[position] = 0;
      await improves(put(zeroed));
    }
  }
  return best;
}
