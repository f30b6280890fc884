import { describe, expect, test } from 'vitest';

import { decodeCbor, encodeCbor } from '../../../shared/cbor/codec.ts';
import { bytesOf, RESPONSES } from '../targets/responses.ts';
import { mustBeBounded } from './bounds.ts';
import { mutateCbor } from './cbor-mutations.ts';
import { mutateDer } from './der-mutations.ts';
import { describeInput, fuzz } from './fuzzer.ts';
import { mutateJson } from './json-mutations.ts';
import { decodePlanted, decodeSlowly } from './planted.ts';
import { Random } from './random.ts';
import { type FuzzTarget, mustHold } from './target.ts';

const EMPTY = new Uint8Array();

const PLANTED: FuzzTarget = {
  name: 'planted',
  property: 'no exception',
  covers: ['test/fuzz/engine/planted.ts'],
  structures: [],
  seeds: [[new Uint8Array(6)]],
  // The outcome tells nothing: only coverage leads to the fault.
  run: ([bytes = EMPTY]) => (decodePlanted(bytes) === '' ? '' : 'done'),
};

describe('the fuzzer', () => {
  test('finds a fault that only coverage leads to, and makes its input as small as it can be', async () => {
    const { failure } = await fuzz(PLANTED, { seed: 3, runs: 20_000 });
    expect(failure?.message ?? '').toContain('The planted fault.');
    expect(describeInput(failure?.input ?? [])).toBe('6118bf');
  });

  test('without a look at the coverage the fault is not found: the last test tests what it says', async () => {
    const { failure, runs } = await fuzz({ ...PLANTED, covers: ['test/fuzz/engine/random.ts'] }, { seed: 3, runs: 20_000 });
    expect([failure, runs]).toEqual([undefined, 20_000]);
  });

  test('the same seed gives the same search', async () => {
    const search = async (seed: number): Promise<readonly string[]> => (await fuzz({ ...PLANTED, structures: ['cbor'], run: ([bytes = EMPTY]) => `${bytes.length.toString()} ${decodePlanted(bytes)}` }, { seed, runs: 1000 })).corpus.map(describeInput);
    const first = await search(5);
    expect(await search(5)).toEqual(first);
    expect(await search(6)).not.toEqual(first);
  });

  test('finds an input that takes too long', async () => {
    const slow: FuzzTarget = { ...PLANTED, run: ([bytes = EMPTY]) => decodeSlowly(bytes), seeds: [[EMPTY], [new Uint8Array(30)]] };
    const { failure } = await fuzz(slow, { seed: 1, runs: 0 });
    expect(failure?.message ?? '').toContain('It takes too long.');
  }, 60_000);

  test('a result that is larger than its input can account for is a violation', () => {
    expect(() => mustBeBounded(new Uint8Array(1_000_000), [new Uint8Array(10)])).toThrow('more memory');
    expect(() => mustBeBounded({ data: new Uint8Array(600) }, [new Uint8Array(10)])).not.toThrow();
    expect(() => mustHold(false, 'The rule.')).toThrow('The rule.');
  });
});

describe('mutations that know the form', () => {
  const within = (content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => content;
  const bytes = encodeCbor(new Map([['a', [1, new Map([['b', new Uint8Array(300)]])]]]));

  /** Share of mutants for which `isGood` holds. */
  function share(mutants: readonly (Uint8Array<ArrayBuffer> | undefined)[], isGood: (bytes: Uint8Array<ArrayBuffer>) => boolean): number {
    return mutants.filter((mutant) => mutant !== undefined && isGood(mutant)).length / mutants.length;
  }

  test('most CBOR mutants are well-formed still, and many of them changed', () => {
    const random = new Random(1);
    const mutants = Array.from({ length: 500 }, () => mutateCbor(bytes, random, bytes, within));
    expect(share(mutants, (mutant) => decodeCbor(mutant).ok)).toBeGreaterThan(0.4);
    expect(share(mutants, (mutant) => !Buffer.from(mutant).equals(Buffer.from(bytes)))).toBeGreaterThan(0.5);
  });

  test('most DER mutants have lengths that fit', () => {
    const random = new Random(1);
    const leaf = bytesOf(RESPONSES.leaf);
    const mutants = Array.from({ length: 500 }, () => mutateDer(leaf, random, leaf, (content) => content.slice(1)));
    expect(share(mutants, (mutant) => mutant.length === 4 + (((mutant[2] ?? 0) << 8) | (mutant[3] ?? 0)))).toBeGreaterThan(0.6);
  });

  test('JSON mutants are JSON', () => {
    const random = new Random(1);
    const text = new TextEncoder().encode('{"v":1,"id":"a","params":{"list":[1,2,"x"]}}');
    const mutants = Array.from({ length: 200 }, () => mutateJson(text, random, text));
    const isJson = (mutant: Uint8Array): boolean => JSON.parse(new TextDecoder().decode(mutant)) !== undefined;
    expect(share(mutants, isJson)).toBe(1);
  });

  test.each([mutateCbor, mutateDer])('bytes of another form are left to other mutations', (mutation) => {
    expect(mutation(Uint8Array.of(0xff, 0xff), new Random(1), EMPTY, within)).toBeUndefined();
    expect(mutateJson(Uint8Array.of(0xff), new Random(1), EMPTY)).toBeUndefined();
  });
});
