import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { CardLink } from '../../../../native-host/transport/nfc/card-link.ts';
import { type KeyAbilities, NfcDevice } from '../../../../native-host/transport/nfc/nfc-device.ts';
import { type Bytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import { success } from '../../../../shared/bytes/result.ts';
import { callOptions } from '../../support/pcsc-keys.ts';

const GET_INFO = Uint8Array.of(0x04);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A card that answers in turn; without an answer left, its reader never returns. */
function card(...answers: readonly string[]): { readonly link: CardLink; readonly sent: Bytes[] } {
  const sent: Bytes[] = [];
  const link: CardLink = {
    protocol: 't1',
    gone: new Promise(() => undefined),
    transmit(apdu) {
      sent.push(apdu);
      const answer = answers[sent.length - 1];
      return answer === undefined ? new Promise(() => undefined) : Promise.resolve(success(copyBytes(Buffer.from(answer, 'hex'))));
    },
    begin: () => Promise.resolve(success(undefined)),
    end: () => Promise.resolve(),
    renew: () => Promise.resolve(success(undefined)),
  };
  return { link, sent };
}

async function open(link: CardLink, abilities: KeyAbilities = { ctap2: true, u2f: true }): Promise<NfcDevice> {
  const opened = await NfcDevice.open(link, {
    descriptor: { id: 'nfc:1', transport: 'nfc', productName: 'Reader' },
    polling: 'auto',
    form: 'short',
    apduLimit: 30_000,
    abilities,
    signal: new AbortController().signal,
    onClose: () => undefined,
  });
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

/** What a promise has come to, without waiting for it. */
function watched<Value>(promise: Promise<Value>): { value: Value | undefined } {
  const outcome: { value: Value | undefined } = { value: undefined };
  void promise.then((value) => (outcome.value = value));
  return outcome;
}

test('a reader that never returns: the call ends by the clock, and closing waits for nothing', async () => {
  const { link } = card();
  const device = await open(link);
  const call = watched(device.call(GET_INFO, callOptions()));
  await vi.advanceTimersByTimeAsync(29_000);
  expect(call.value).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2000);
  expect(call.value).toMatchObject({ ok: false, error: { problem: 'timeout', transport: 'nfc' } });
  await device.close();
});

test('a reader that never returns: a cancel ends the call soon', async () => {
  const { link, sent } = card();
  const device = await open(link);
  const abort = new AbortController();
  const call = watched(device.call(GET_INFO, callOptions({ signal: abort.signal })));
  await vi.advanceTimersByTimeAsync(100);
  abort.abort();
  await vi.advanceTimersByTimeAsync(600);
  expect(call.value).toMatchObject({ ok: false, error: { problem: 'cancelled' } });
  // What comes next does not go to a card that is still at work.
  const next = watched(device.call(GET_INFO, callOptions()));
  await vi.advanceTimersByTimeAsync(31_000);
  expect(next.value).toMatchObject({ ok: false, error: { problem: 'timeout' } });
  expect(sent).toHaveLength(1);
  await device.close();
});

test('a card that says "still working" for ever ends by the caller', async () => {
  const { link } = card(...Array.from({ length: 1000 }, () => '019100'));
  const device = await open(link);
  const abort = new AbortController();
  const call = watched(device.call(Uint8Array.of(0x0b), callOptions({ signal: abort.signal })));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(call.value).toBeUndefined();
  abort.abort();
  await vi.advanceTimersByTimeAsync(600);
  expect(call.value).toMatchObject({ ok: false, error: { problem: 'cancelled' } });
  await device.close();
});

test.each(['6a86', '6b00'])('a card that refuses to be asked how far it is (%s) is not again, not even when it is opened anew', async (refusal) => {
  const SELECTION = Uint8Array.of(0x0b);
  const { link, sent } = card(refusal, '009000', '009000', '009000');
  const device = await open(link);
  for (let round = 0; round < 2; round += 1) expect(await device.call(SELECTION, callOptions())).toStrictEqual(success(Uint8Array.of(0)));
  await device.close();
  const again = await open(link, device.abilities);
  expect(await again.call(SELECTION, callOptions())).toStrictEqual(success(Uint8Array.of(0)));
  await again.close();
  expect(sent.map((apdu) => apdu[2])).toEqual([0x80, 0x00, 0x00, 0x00]);
});

test('a card that refuses the request itself is asked how far it is the next time', async () => {
  const { link, sent } = card('6a86', '6a86', '009000');
  const device = await open(link);
  expect(await device.call(Uint8Array.of(0x0b), callOptions())).toMatchObject({ ok: false, error: { problem: 'protocol' } });
  expect(await device.call(Uint8Array.of(0x0b), callOptions())).toStrictEqual(success(Uint8Array.of(0)));
  await device.close();
  expect(sent.map((apdu) => apdu[2])).toEqual([0x80, 0x00, 0x80]);
});

test.each([
  ['6431', Uint8Array.of(0x31)],
  ['642e', Uint8Array.of(0x2e)],
  ['64f1', Uint8Array.of(0xf1)],
  // The card's own word for a request that is too long.
  ['6700', Uint8Array.of(0x03)],
])('a card that tells the status of CTAP in its status word: %s', async (answer, expected) => {
  const { link } = card(answer);
  const device = await open(link);
  expect(await device.call(GET_INFO, callOptions())).toStrictEqual(success(expected));
  await device.close();
});

test.each(['6400', 'aa6431', '6531'])('a status word that is none of CTAP: %s', async (answer) => {
  const { link } = card(answer);
  const device = await open(link);
  expect(await device.call(GET_INFO, callOptions())).toMatchObject({ ok: false, error: { problem: 'protocol' } });
  await device.close();
});
