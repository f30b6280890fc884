import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { Platform } from '../support/platform.ts';

const COMMAND_CODES = [1, 2, 4, 6, 7, 8, 0x0b, 0x0c];

const cborValue: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: -300, max: 70_000 }),
    fc.string({ maxLength: 8 }),
    fc.uint8Array({ maxLength: 40 }).map(copyBytes),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.integer({ min: -4, max: 12 }), tie('value')), { maxLength: 6 }).map((entries) => new Map(entries)),
  ),
})).value;

function platform(): Platform {
  return new Platform('ctap2_1', { builtInUv: true, extensions: ['credProtect', 'hmac-secret', 'credBlob', 'largeBlobKey', 'minPinLength'] });
}

describe('garbage', () => {
  test.each([
    ['nothing', [], 0x03],
    ['an unknown command', [0x55], 0x01],
    ['no parameters', [0x01], 0x14],
    ['truncated CBOR', [0x01, 0xa1], 0x12],
    ['bytes behind the map', [0x01, 0xa0, 0x00], 0x12],
    ['an indefinite map', [0x01, 0xbf, 0xff], 0x12],
    ['a tag', [0x01, 0xc0, 0xa0], 0x12],
    ['a length that is not minimal', [0x06, 0xa1, 0x18, 0x02, 0x01], 0x12],
    ['unsorted keys', [0x06, 0xa2, 0x02, 0x01, 0x01, 0x01], 0x12],
    ['a key twice', [0x06, 0xa2, 0x01, 0x01, 0x01, 0x01], 0x12],
    ['too deep', [0x01, 0xa1, 0x01, 0x81, 0x81, 0x81, 0x81, 0x01], 0x12],
    ['no map', [0x01, 0x80], 0x11],
  ])('%s', async (_name, request, expected) => {
    expect(await platform().raw(Uint8Array.from(request))).toEqual(Uint8Array.of(expected));
  });

  test('a message that is too large', async () => {
    expect(await platform().raw(new Uint8Array(1201).fill(1))).toEqual(Uint8Array.of(0x39));
  });

  test('any bytes get an answer, and the key lives on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COMMAND_CODES), fc.uint8Array({ maxLength: 60 }), async (code, bytes) => {
        const key = platform();
        expect((await key.raw(concatBytes(Uint8Array.of(code), bytes))).length).toBeGreaterThan(0);
        expect((await key.send(4)).status).toBe(0);
      }),
    );
  });

  test('any well-formed parameters get an answer, and the key lives on', async () => {
    const members = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), cborValue), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COMMAND_CODES), members, async (code, entries) => {
        const key = platform();
        const request = concatBytes(Uint8Array.of(code), encodeCbor(new Map<CborValue, CborValue>(entries)));
        expect((await key.raw(request)).length).toBeGreaterThan(0);
        expect((await key.send(4)).status).toBe(0);
      }),
    );
  });

  test('a valid registration with any member replaced gets an answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), cborValue, async (member, value) => {
        const key = platform();
        const { status } = await key.makeCredential({ [member]: value });
        expect(status).toBeLessThan(0x80);
        expect((await key.send(4)).status).toBe(0);
      }),
    );
  });
});
