import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { KeepaliveStatus } from '../../../../native-host/transport/device.ts';
import { HidChannel, type HidChannelParams } from '../../../../native-host/transport/hid/hid-channel.ts';
import { CtaphidError } from '../../../../native-host/transport/usb/ctaphid/messages.ts';
import { CtaphidCommand, encodeMessage } from '../../../../native-host/transport/usb/ctaphid/packet.ts';
import { concatBytes } from '../../../../shared/bytes/bytes.ts';
import { ScriptedKey } from '../../support/scripted-key.ts';

const { cbor, msg, init, wink, cancel, keepalive, error } = CtaphidCommand;
const REQUEST = Uint8Array.of(0x04);
const ANSWER = Uint8Array.of(0x00, 0xa0);
const CANCELLED = Uint8Array.of(0x2d);
const STALL = 2000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function openChannel(key: ScriptedKey, more: Partial<HidChannelParams> = {}): Promise<HidChannel> {
  const opened = await HidChannel.open(key, {
    descriptor: { id: 'key', transport: 'usb', productName: '' },
    signal: new AbortController().signal,
    ...more,
  });
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

function options(signal = new AbortController().signal): { signal: AbortSignal; stallTimeout: number } {
  return { signal, stallTimeout: STALL };
}

/** Answers every CTAP2 command. */
function answering(key: ScriptedKey): ScriptedKey {
  key.onMessage = ({ command }) => {
    if (command === cbor) key.send(cbor, ANSWER);
  };
  return key;
}

async function expectUsable(key: ScriptedKey, channel: HidChannel): Promise<void> {
  answering(key);
  expect(await channel.call(REQUEST, options())).toEqual({ ok: true, value: ANSWER });
}

describe('opening', () => {
  test("answers to other programs' INIT are passed over", async () => {
    const key = new ScriptedKey();
    key.onInit = (message) => {
      key.answerInit({ ...message, payload: new Uint8Array(8) }, 0x99);
      key.send(cbor, ANSWER, 0x77);
      key.answerInit(message);
    };
    await expectUsable(key, await openChannel(key));
    expect(key.received.at(-1)?.channelId).toBe(key.channelId);
  });

  test('a key that does not answer is given back', async () => {
    const key = new ScriptedKey();
    key.onInit = () => undefined;
    const opening = HidChannel.open(key, {
      descriptor: { id: 'key', transport: 'usb', productName: '' },
      signal: new AbortController().signal,
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await opening).toMatchObject({ ok: false, error: { problem: 'timeout', transport: 'usb' } });
    expect(key.isClosed).toBe(true);
  });

  test('a busy key is asked again', async () => {
    const key = new ScriptedKey();
    key.onInit = (message) => {
      key.onInit = (again) => key.answerInit(again);
      key.send(error, Uint8Array.of(CtaphidError.channelBusy), message.channelId);
    };
    const opening = openChannel(key);
    await vi.advanceTimersByTimeAsync(100);
    await expectUsable(key, await opening);
  });

  test('capabilities, and keys that are known better', async () => {
    const key = new ScriptedKey();
    key.capabilities = 0x0d;
    expect(await openChannel(key)).toMatchObject({ supportsCbor: true, supportsU2f: false, supportsWink: true });
    expect(await openChannel(key, { withoutCbor: true })).toMatchObject({ supportsCbor: false });
  });
});

describe('exchanges', () => {
  test('long requests and answers', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const request = Uint8Array.from({ length: 7609 }, (_, index) => index & 0xff);
    const answer = request.toReversed();
    key.onMessage = () => key.send(cbor, answer);
    expect(await channel.call(request, options())).toEqual({ ok: true, value: answer });
    expect(key.received.at(-1)?.payload).toEqual(request);
    expect(await channel.call(concatBytes(request, REQUEST), options())).toMatchObject({ error: { problem: 'protocol' } });
  });

  test('a second call waits for its turn', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const first = channel.call(Uint8Array.of(1), options());
    const second = channel.call(Uint8Array.of(2), options());
    await vi.advanceTimersByTimeAsync(0);
    expect(key.received.at(-1)?.payload).toEqual(Uint8Array.of(1));
    key.onMessage = () => key.send(cbor, Uint8Array.of(0, 2));
    key.send(cbor, Uint8Array.of(0, 1));
    expect(await Promise.all([first, second])).toEqual([
      { ok: true, value: Uint8Array.of(0, 1) },
      { ok: true, value: Uint8Array.of(0, 2) },
    ]);
  });

  test('a call that is aborted before its turn is never sent', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const first = channel.call(Uint8Array.of(1), options());
    const caller = new AbortController();
    const second = channel.call(Uint8Array.of(2), options(caller.signal));
    caller.abort();
    expect(await second).toMatchObject({ error: { problem: 'cancelled' } });
    const third = channel.call(Uint8Array.of(3), options());
    key.onMessage = ({ payload }) => key.send(cbor, concatBytes(Uint8Array.of(0), payload));
    key.send(cbor, Uint8Array.of(0, 1));
    expect(await first).toEqual({ ok: true, value: Uint8Array.of(0, 1) });
    expect(await third).toEqual({ ok: true, value: Uint8Array.of(0, 3) });
    expect(key.commands).toEqual([cbor, cbor]);
  });

  test('keepalives prolong the wait and are told', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const told: KeepaliveStatus[] = [];
    const call = channel.call(REQUEST, { ...options(), onKeepalive: (status) => told.push(status) });
    for (const status of [1, 2, 2]) {
      await vi.advanceTimersByTimeAsync(STALL - 1);
      key.send(keepalive, Uint8Array.of(status));
    }
    key.send(cbor, ANSWER);
    expect(await call).toEqual({ ok: true, value: ANSWER });
    expect(told).toEqual(['processing', 'userPresenceNeeded', 'userPresenceNeeded']);
  });

  test('silence ends the exchange, whatever other channels say; the next one works', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const call = channel.call(REQUEST, options());
    for (let count = 0; count < 4; count += 1) {
      await vi.advanceTimersByTimeAsync(STALL / 4);
      key.send(keepalive, Uint8Array.of(1), 0x99);
    }
    expect(await call).toMatchObject({ error: { problem: 'timeout' } });
    await expectUsable(key, channel);
    expect(key.commands).toEqual([cbor, cancel, init, cbor]);
  });

  test('an answer that comes twice does not count for the next exchange', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const answers = [Uint8Array.of(0x2e), ANSWER];
    key.onMessage = ({ command }) => {
      if (command !== cbor) return;
      const answer = answers.shift() ?? new Uint8Array();
      key.send(cbor, answer);
      queueMicrotask(() => key.send(cbor, answer));
    };
    expect(await channel.call(REQUEST, options())).toEqual({ ok: true, value: Uint8Array.of(0x2e) });
    await vi.advanceTimersByTimeAsync(0);
    expect(await channel.call(REQUEST, options())).toEqual({ ok: true, value: ANSWER });
    expect(key.commands).toEqual([cbor, init, cbor]);
  });

  test('a keepalive after the answer is no reason to clear the channel', async () => {
    const key = answering(new ScriptedKey());
    const channel = await openChannel(key);
    await channel.call(REQUEST, options());
    key.send(keepalive, Uint8Array.of(1));
    await channel.call(REQUEST, options());
    expect(key.commands).toEqual([cbor, cbor]);
  });

  test('a late answer of an exchange that was given up does not count for the next', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const call = channel.call(REQUEST, options());
    await vi.advanceTimersByTimeAsync(STALL);
    await call;
    answering(key);
    key.onInit = (message) => {
      key.send(cbor, Uint8Array.of(0x2d));
      key.answerInit(message);
    };
    expect(await channel.call(REQUEST, options())).toEqual({ ok: true, value: ANSWER });
  });

  test.each<[string, (key: ScriptedKey) => void]>([
    ['a wrong sequence number', (key) => {
      const [first, , third] = encodeMessage(key.channelId, cbor, new Uint8Array(200), 64);
      for (const report of [first, third]) key.sendReport(report ?? new Uint8Array());
    }],
    ['a length that cannot be', (key) => key.sendReport(Uint8Array.of(0, 0, 0, 0x42, 0x90, 0xff, 0xff, ...new Uint8Array(57)))],
    ['a continuation without a beginning', (key) => key.sendReport(Uint8Array.of(0, 0, 0, 0x42, 0, ...new Uint8Array(59)))],
    ['two beginnings', (key) => {
      const [first] = encodeMessage(key.channelId, cbor, new Uint8Array(200), 64);
      for (const report of [first, first]) key.sendReport(report ?? new Uint8Array());
    }],
    ['another command', (key) => key.send(msg, ANSWER)],
  ])('%s is a protocol error, and the next exchange works', async (_name, misbehave) => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    key.onMessage = ({ command }) => {
      if (command === cbor) misbehave(key);
    };
    expect(await channel.call(REQUEST, options())).toMatchObject({ error: { kind: 'transport', problem: 'protocol' } });
    await expectUsable(key, channel);
  });

  test('an error message is named', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    key.onMessage = () => key.send(error, Uint8Array.of(CtaphidError.invalidSequence));
    expect(await channel.call(REQUEST, options())).toMatchObject({
      error: { problem: 'protocol', detail: expect.stringContaining('invalidSequence') as string },
    });
    await expectUsable(key, channel);
  });

  test('whatever the key sends, the exchange ends, and the next one works', async () => {
    const reports = fc.array(
      fc.tuple(fc.constantFrom(0x42, 0x43, 0xffffffff), fc.uint8Array({ minLength: 60, maxLength: 60 })),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(reports, async (sent) => {
        const key = new ScriptedKey();
        const channel = await openChannel(key);
        let isSent = false;
        key.onMessage = () => {
          if (isSent) return;
          isSent = true;
          for (const [channelId, tail] of sent) {
            key.sendReport(Uint8Array.of(channelId >>> 24, (channelId >>> 16) & 0xff, (channelId >>> 8) & 0xff, channelId & 0xff, ...tail));
          }
        };
        const call = channel.call(REQUEST, options());
        await vi.advanceTimersByTimeAsync(STALL * 3);
        const result = await call;
        if (!result.ok) expect(result.error.kind).toBe('transport');
        await expectUsable(key, channel);
      }),
      { numRuns: 60 },
    );
  });
});

describe('errors of the framing', () => {
  test.each([CtaphidError.invalidCommand, CtaphidError.invalidLength])('%s to a CTAP2 command is its status of the same number', async (code) => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    key.onMessage = () => key.send(error, Uint8Array.of(code));
    expect(await channel.call(REQUEST, options())).toEqual({ ok: true, value: Uint8Array.of(code) });
    // U2F messages have status words of their own.
    expect(await channel.message(REQUEST, options())).toMatchObject({ error: { problem: 'protocol' } });
    await expectUsable(key, channel);
  });

  test.each([CtaphidError.invalidSequence, CtaphidError.other, 0x55])('%s ends the exchange', async (code) => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    key.onMessage = () => key.send(error, Uint8Array.of(code));
    expect(await channel.call(REQUEST, options())).toMatchObject({ error: { problem: 'protocol' } });
  });
});

describe('a key in use by others', () => {
  test('busy is asked again until it is not', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    let refusals = 2;
    key.onMessage = () => {
      refusals -= 1;
      if (refusals >= 0) key.send(error, Uint8Array.of(CtaphidError.channelBusy));
      else key.send(cbor, ANSWER);
    };
    const call = channel.call(REQUEST, options());
    await vi.advanceTimersByTimeAsync(200);
    expect(await call).toEqual({ ok: true, value: ANSWER });
  });

  test('busy for good is told in the end', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    key.onMessage = () => key.send(error, Uint8Array.of(CtaphidError.channelBusy));
    const call = channel.call(REQUEST, options());
    await vi.advanceTimersByTimeAsync(4000);
    expect(await call).toMatchObject({ error: { problem: 'busy' } });
    await expectUsable(key, channel);
  });

  test('the pause of a busy key ends with the caller', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    key.onMessage = () => key.send(error, Uint8Array.of(CtaphidError.channelBusy));
    const caller = new AbortController();
    const call = channel.call(REQUEST, options(caller.signal));
    await vi.advanceTimersByTimeAsync(50);
    caller.abort();
    expect(await call).toMatchObject({ error: { problem: 'cancelled' } });
  });

  test('a channel that the key has forgotten is replaced, once', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const old = key.channelId;
    key.channelId = 0x43;
    key.onMessage = ({ channelId }) => {
      if (channelId === old) key.send(error, Uint8Array.of(CtaphidError.invalidChannel), old);
      else key.send(cbor, ANSWER);
    };
    expect(await channel.call(REQUEST, options())).toEqual({ ok: true, value: ANSWER });
    key.onMessage = ({ channelId }) => key.send(error, Uint8Array.of(CtaphidError.invalidChannel), channelId);
    expect(await channel.call(REQUEST, options())).toMatchObject({ error: { problem: 'protocol' } });
  });
});

describe('cancelling', () => {
  test('the key is told, and its confirmation awaited', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const caller = new AbortController();
    const call = channel.call(REQUEST, options(caller.signal));
    await vi.advanceTimersByTimeAsync(0);
    caller.abort();
    const settled = vi.fn();
    void call.then(settled);
    await vi.advanceTimersByTimeAsync(400);
    key.send(keepalive, Uint8Array.of(2));
    expect(settled).not.toHaveBeenCalled();
    key.send(cbor, CANCELLED);
    expect(await call).toMatchObject({ error: { problem: 'cancelled' } });
    await expectUsable(key, channel);
    expect(key.commands).toEqual([cbor, cancel, cbor]);
  });

  test('a key that does not confirm is cleared by INIT', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const caller = new AbortController();
    const call = channel.call(REQUEST, options(caller.signal));
    await vi.advanceTimersByTimeAsync(0);
    caller.abort();
    // Keepalives do not prolong the wait for the confirmation.
    await vi.advanceTimersByTimeAsync(300);
    key.send(keepalive, Uint8Array.of(2));
    await vi.advanceTimersByTimeAsync(200);
    expect(await call).toMatchObject({ error: { problem: 'cancelled' } });
    await expectUsable(key, channel);
    expect(key.commands).toEqual([cbor, cancel, init, cbor]);
  });

  test('what the key had done before it saw the cancel counts', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const caller = new AbortController();
    const call = channel.call(REQUEST, options(caller.signal));
    await vi.advanceTimersByTimeAsync(0);
    caller.abort();
    key.send(cbor, ANSWER);
    expect(await call).toEqual({ ok: true, value: ANSWER });
  });

  test('a signal that has aborted already keeps the request from being sent', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    expect(await channel.call(REQUEST, options(AbortSignal.abort()))).toMatchObject({ error: { problem: 'cancelled' } });
    expect(key.commands).toEqual([]);
  });

  test('U2F has no cancel: the answer is awaited', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const caller = new AbortController();
    const call = channel.message(REQUEST, options(caller.signal));
    await vi.advanceTimersByTimeAsync(0);
    caller.abort();
    key.send(msg, Uint8Array.of(0x69, 0x85));
    expect(await call).toEqual({ ok: true, value: Uint8Array.of(0x69, 0x85) });
    expect(key.commands).toEqual([msg]);
  });

  test('closing cancels what runs and what waits, and gives the key back once', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    key.onMessage = ({ command }) => {
      if (command === cancel) key.send(cbor, CANCELLED);
    };
    const calls = [channel.call(REQUEST, options()), channel.call(REQUEST, options())];
    await vi.advanceTimersByTimeAsync(0);
    await Promise.all([channel.close(), channel.close()]);
    expect(key.isClosed).toBe(true);
    for (const call of calls) expect(await call).toMatchObject({ error: { problem: 'cancelled' } });
    expect(await channel.call(REQUEST, options())).toMatchObject({ error: { problem: 'cancelled' } });
    expect(key.commands).toEqual([cbor, cancel]);
  });
});

describe('a key that goes away', () => {
  test('ends the exchange and all later ones', async () => {
    const key = new ScriptedKey();
    const channel = await openChannel(key);
    const call = channel.call(REQUEST, options());
    await vi.advanceTimersByTimeAsync(0);
    key.unplug();
    expect(await call).toMatchObject({ error: { problem: 'disconnected' } });
    expect(await channel.call(REQUEST, options())).toMatchObject({ error: { problem: 'disconnected' } });
    await channel.gone;
    await channel.close();
  });
});

describe('wink', () => {
  test('only where the key can', async () => {
    const key = new ScriptedKey();
    key.onMessage = ({ command }) => {
      if (command === wink) key.send(wink, new Uint8Array());
    };
    const mute = await openChannel(key);
    expect(await mute.wink(options())).toEqual({ ok: true, value: undefined });
    expect(key.commands).toEqual([]);
    key.capabilities = 0x05;
    const blinking = await openChannel(key);
    expect(await blinking.wink(options())).toEqual({ ok: true, value: undefined });
    expect(key.commands).toEqual([wink]);
    // Never right before a CTAP2 command.
    await expectUsable(key, blinking);
    expect(key.commands).toEqual([wink, init, cbor]);
  });
});
