import { type FuzzInput, mustHold } from './target.ts';

/** Milliseconds that one input may take: a hundred times what the slowest needs on a busy machine. */
export const TIME_LIMIT = 500;

/** What a result may weigh beyond a multiple of its input: names of members, defaults, texts of errors. */
const ALLOWANCE = 8192;
const FACTOR = 64;

/** Bytes, characters and members in a value, roughly the memory that it takes. Shared parts count each time. */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length + 8;
  if (value instanceof Uint8Array) return value.buffer.byteLength + 8;
  if (value instanceof Map) return [...value].reduce((sum, [key, entry]) => sum + weigh(key) + weigh(entry), 8);
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + weigh(entry), 8);
  if (typeof value !== 'object' || value === null) return 8;
  return Object.entries(value).reduce((sum, [key, entry]) => sum + key.length + weigh(entry), 8);
}

/** The memory that a decoded value takes is bounded by what arrived, whatever lengths were announced. */
export function mustBeBounded(value: unknown, input: FuzzInput): void {
  const length = input.reduce((sum, { length: bytes }) => sum + bytes, 0);
  mustHold(weigh(value) <= FACTOR * length + ALLOWANCE, 'The result takes more memory than its input can account for.');
}
