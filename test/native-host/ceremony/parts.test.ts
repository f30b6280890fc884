import { describe, expect, test } from 'vitest';

import { readAssertion } from '../../../native-host/ceremony/authenticate.ts';
import { batchIds } from '../../../native-host/ceremony/credential-lists.ts';
import { describeKey } from '../../../native-host/ceremony/describe-key.ts';
import { operationFailureOf, reasonOf } from '../../../native-host/ceremony/error-map.ts';
import { KeptPin } from '../../../native-host/ceremony/kept-pin.ts';
import { OperationFailure } from '../../../native-host/ceremony/operation-failure.ts';
import { truncateText } from '../../../native-host/ceremony/register.ts';
import { ctapError } from '../../../native-host/ctap2/errors.ts';
import { decodeInfo } from '../../../native-host/ctap2/get-info.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { CeremonyReason } from '../../../shared/wire/ceremony-state.ts';

describe('errors', () => {
  test('every status byte means something to a ceremony, and every meaning has a reason', () => {
    const reasons = new Set<string>(Object.values(CeremonyReason));
    for (let status = 1; status <= 0xff; status += 1) {
      const meaning = operationFailureOf(ctapError('makeCredential', status));
      expect(Object.values(OperationFailure)).toContain(meaning);
      expect(reasons).toContain(reasonOf(meaning));
    }
    expect(operationFailureOf(ctapError('clientPin', 0x31))).toBe('pinInvalid');
    expect(operationFailureOf(ctapError('clientPin', 0x34))).toBe('pinAuthBlocked');
    expect(operationFailureOf(ctapError('getAssertion', 0xf2))).toBe('deviceError');
  });
});

describe('lists', () => {
  const ids = (count: number, length: number): Uint8Array<ArrayBuffer>[] =>
    Array.from({ length: count }, (_, index) => new Uint8Array(length).fill(index));

  test.each([
    ['by number', { maxCount: 3, maxIdLength: 64, maxMessageSize: 1200 }, ids(7, 16), [3, 3, 1]],
    ['by the size of a message', { maxCount: 20, maxIdLength: 255, maxMessageSize: 1200 }, ids(5, 255), [2, 2, 1]],
    ['one by one without a limit of number', { maxCount: undefined, maxIdLength: 64, maxMessageSize: 1200 }, ids(3, 16), [1, 1, 1]],
    ['one by one without a limit of length', { maxCount: 8, maxIdLength: undefined, maxMessageSize: 1200 }, ids(2, 16), [1, 1]],
    ['never empty ones', { maxCount: 0, maxIdLength: 64, maxMessageSize: 100 }, ids(2, 64), [1, 1]],
  ])('are cut %s', (_name, limits, list, lengths) => {
    const batches = batchIds(list, limits);
    expect(batches.map((batch) => batch.length)).toEqual(lengths);
    expect(batches.flat()).toEqual(list);
  });

  test('a key that tells a length of 0 for its ids tells none', () => {
    const map = new Map<CborValue, CborValue>([[1, ['FIDO_2_0']], [3, new Uint8Array(16)], [8, 0]]);
    const info = decodeInfo(map);
    expect(info.ok && describeKey(info.value).lists.maxIdLength).toBeUndefined();
    expect(info.ok).toBe(true);
  });
});

describe('assertions', () => {
  const authData = new Uint8Array(37);
  const signature = Uint8Array.of(1);
  const response = { authData, signature, userSelected: false };
  const id = Uint8Array.of(1, 2);
  const other = Uint8Array.of(1, 3);

  test('the only credential of a list may be left out, no other', () => {
    const read = readAssertion(response, [id], 0);
    expect(read.ok && read.value.outcome.credentialId).toEqual(id);
    expect(readAssertion(response, [id, other], 0)).toMatchObject({ ok: false, error: { kind: 'malformed' } });
    expect(readAssertion(response, [], 0)).toMatchObject({ ok: false, error: { kind: 'malformed' } });
  });

  test('a credential that was not asked for is refused', () => {
    const strange = { ...response, credential: { id: other, type: 'public-key' as const } };
    expect(readAssertion(strange, [id], 0)).toMatchObject({ ok: false, error: { kind: 'malformed' } });
    expect(readAssertion(strange, [id, other], 0)).toMatchObject({ ok: true });
    expect(readAssertion(strange, [], 0)).toMatchObject({ ok: true });
  });
});

describe('names', () => {
  test.each([
    ['short', 128, 'short'],
    ['aé', 2, 'a'],
    ['aé', 3, 'aé'],
    ['👩‍🚀', 5, '👩'],
  ])('%s within %i bytes', (text, bytes, cut) => {
    expect(truncateText(text, bytes)).toBe(cut);
  });
});

describe('kept PIN', () => {
  test('is given back until it is forgotten', () => {
    const pin = new KeptPin();
    expect(pin.reveal()).toBeUndefined();
    pin.keep('Ünï 4711');
    expect(pin.reveal()).toBe('Ünï 4711');
    pin.forget();
    expect(pin.reveal()).toBeUndefined();
  });
});
