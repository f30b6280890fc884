import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Bytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import type { AuthenticatorPort, Exchange } from '../../authenticator/exchange.ts';
import { buildReports, type HidMessage, HidReassembler } from '../../support/hid-client.ts';
import { ManualEnvironment } from '../../support/manual-environment.ts';
import { CtaphidEngine } from './engine.ts';

const BROADCAST = 0xffff_ffff;
const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** An authenticator whose commands end when the test says so. */
class HeldAuthenticator implements AuthenticatorPort {
  readonly supportsCbor: boolean;
  readonly supportsU2f: boolean;
  readonly requests: Bytes[] = [];
  exchange: Exchange | undefined;
  powerCycles = 0;
  winks = 0;
  finish: (response: Bytes) => void = () => undefined;

  constructor(supportsCbor = true, supportsU2f = true) {
    this.supportsCbor = supportsCbor;
    this.supportsU2f = supportsU2f;
  }

  call(request: Bytes, exchange: Exchange): Promise<Bytes> {
    this.requests.push(request);
    this.exchange = exchange;
    return new Promise((resolve) => {
      this.finish = resolve;
      exchange.signal.addEventListener('abort', () => resolve(Uint8Array.of(0x2d)));
    });
  }

  message(apdu: Bytes): Promise<Bytes> {
    return Promise.resolve(apdu.slice().reverse());
  }

  wink(): void {
    this.winks += 1;
  }

  powerCycle(): void {
    this.powerCycles += 1;
  }
}

class Bench {
  readonly environment = new ManualEnvironment();
  readonly authenticator: HeldAuthenticator;
  readonly engine: CtaphidEngine;
  readonly messages: HidMessage[] = [];
  readonly #reassembler = new HidReassembler((message) => this.messages.push(message));

  constructor(authenticator = new HeldAuthenticator()) {
    this.authenticator = authenticator;
    this.engine = new CtaphidEngine(authenticator, this.environment);
  }

  report(report: Uint8Array): void {
    this.engine.receive(report, (reply) => this.#reassembler.add(reply));
  }

  send(channel: number, command: number, payload: Uint8Array = new Uint8Array(), declaredLength?: number): void {
    for (const report of buildReports(channel, command, payload, declaredLength)) this.report(report);
  }

  /** The messages since the last call, once what is pending has run. */
  async take(): Promise<readonly HidMessage[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.messages.splice(0);
  }

  async channel(): Promise<number> {
    this.send(BROADCAST, 0x06, NONCE);
    const [message] = await this.take();
    return new DataView((message?.payload ?? new Uint8Array()).buffer).getUint32(8);
  }
}

function error(channel: number, code: number): HidMessage {
  return { channel, command: 0x3f, payload: Uint8Array.of(code) };
}

describe('INIT', () => {
  test('gives each asker a channel of its own, with nonce and capabilities', async () => {
    const bench = new Bench();
    bench.send(BROADCAST, 0x06, NONCE);
    bench.send(BROADCAST, 0x06, NONCE);
    const [first, second] = await bench.take();
    expect(first).toMatchObject({ channel: BROADCAST, command: 0x06 });
    expect(first?.payload.slice(0, 8)).toEqual(NONCE);
    expect(first?.payload).toHaveLength(17);
    expect(first?.payload[12]).toBe(2);
    expect(first?.payload[16]).toBe(0x05);
    expect(second?.payload.slice(8, 12)).not.toEqual(first?.payload.slice(8, 12));
  });

  test.each([
    [false, true, 0x01],
    [true, false, 0x0d],
  ])('capabilities with CBOR %s and U2F %s', async (cbor, u2f, expected) => {
    const bench = new Bench(new HeldAuthenticator(cbor, u2f));
    bench.send(BROADCAST, 0x06, NONCE);
    expect((await bench.take())[0]?.payload[16]).toBe(expected);
  });

  test('on a channel of its own it ends what runs there, without an answer to that', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.send(channel, 0x10, Uint8Array.of(4));
    bench.send(channel, 0x06, NONCE);
    expect(bench.authenticator.exchange?.signal.aborted).toBe(true);
    const messages = await bench.take();
    expect(messages.map(({ command }) => command)).toEqual([0x06]);
    expect(messages[0]?.channel).toBe(channel);
  });

  test('with a nonce of another length, or on an unknown channel', async () => {
    const bench = new Bench();
    bench.send(BROADCAST, 0x06, NONCE.slice(1));
    bench.send(77, 0x06, NONCE);
    expect(await bench.take()).toEqual([error(BROADCAST, 0x03), error(77, 0x0b)]);
  });

  test('is answered while another channel is busy', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.send(channel, 0x10, Uint8Array.of(4));
    expect(await bench.channel()).not.toBe(channel);
    expect(bench.authenticator.exchange?.signal.aborted).toBe(false);
  });
});

describe('transactions', () => {
  test('a command runs and is answered on its channel', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.send(channel, 0x10, new Uint8Array(500).fill(7));
    bench.authenticator.finish(new Uint8Array(300).fill(9));
    expect(bench.authenticator.requests).toEqual([new Uint8Array(500).fill(7)]);
    expect(await bench.take()).toEqual([{ channel, command: 0x10, payload: new Uint8Array(300).fill(9) }]);
  });

  test('U2F messages, wink', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.send(channel, 0x03, Uint8Array.of(1, 2, 3));
    expect(await bench.take()).toEqual([{ channel, command: 0x03, payload: Uint8Array.of(3, 2, 1) }]);
    bench.send(channel, 0x08);
    expect(await bench.take()).toEqual([{ channel, command: 0x08, payload: new Uint8Array() }]);
    expect(bench.authenticator.winks).toBe(1);
  });

  test('what the key does not have is an unknown command', async () => {
    const bench = new Bench(new HeldAuthenticator(false, false));
    const channel = await bench.channel();
    for (const command of [0x10, 0x03, 0x04, 0x7e]) bench.send(channel, command, Uint8Array.of(1));
    expect(await bench.take()).toEqual([1, 2, 3, 4].map(() => error(channel, 0x01)));
  });

  test('another channel meets a busy key', async () => {
    const bench = new Bench();
    const first = await bench.channel();
    const second = await bench.channel();
    bench.send(first, 0x10, Uint8Array.of(4));
    bench.send(second, 0x10, Uint8Array.of(4));
    bench.send(first, 0x10, Uint8Array.of(4));
    expect(await bench.take()).toEqual([error(second, 0x06), error(first, 0x06)]);
    expect(bench.authenticator.requests).toHaveLength(1);
    const [half] = buildReports(second, 0x01, new Uint8Array(100));
    bench.authenticator.finish(Uint8Array.of(0));
    await bench.take();
    bench.report(half ?? new Uint8Array());
    bench.send(first, 0x01);
    expect(await bench.take()).toEqual([error(first, 0x06)]);
  });

  test('an unknown channel', async () => {
    const bench = new Bench();
    bench.send(0, 0x01);
    bench.send(1234, 0x10, Uint8Array.of(4));
    bench.send(BROADCAST, 0x01);
    expect(await bench.take()).toEqual([error(0, 0x0b), error(1234, 0x0b), error(BROADCAST, 0x0b)]);
  });

  test('a wrong sequence number ends the message', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    const [first, second, third] = buildReports(channel, 0x01, new Uint8Array(150));
    bench.report(first ?? new Uint8Array());
    bench.report(third ?? new Uint8Array());
    bench.report(second ?? new Uint8Array());
    expect(await bench.take()).toEqual([error(channel, 0x04)]);
    bench.send(channel, 0x01, NONCE);
    expect(await bench.take()).toEqual([{ channel, command: 0x01, payload: NONCE }]);
  });

  test('a new message in the middle of one', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.report(buildReports(channel, 0x01, new Uint8Array(150))[0] ?? new Uint8Array());
    bench.send(channel, 0x01, NONCE);
    expect(await bench.take()).toEqual([error(channel, 0x04)]);
  });

  test('lengths that cannot be', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.send(channel, 0x01, new Uint8Array(57), 7610);
    bench.send(channel, 0x10);
    bench.send(channel, 0x03);
    expect(await bench.take()).toEqual([error(channel, 0x03), error(channel, 0x03), error(channel, 0x03)]);
  });

  test('a half-sent message runs out of time', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.report(buildReports(channel, 0x01, new Uint8Array(150))[0] ?? new Uint8Array());
    bench.environment.advance(2999);
    expect(await bench.take()).toEqual([]);
    bench.environment.advance(1);
    expect(await bench.take()).toEqual([error(channel, 0x05)]);
    bench.send(channel, 0x01);
    expect(await bench.take()).toHaveLength(1);
  });

  test('continuations that belong to nothing, and reports of another size, are ignored', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.report(buildReports(channel, 0x01, new Uint8Array(150))[1] ?? new Uint8Array());
    bench.report(new Uint8Array(63));
    bench.report(new Uint8Array(65));
    expect(await bench.take()).toEqual([]);
  });
});

describe('keepalives and cancel', () => {
  test('every 100 ms, and at once when the status changes', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.send(channel, 0x10, Uint8Array.of(1));
    bench.environment.advance(250);
    bench.authenticator.exchange?.keepalive('userPresenceNeeded');
    bench.environment.advance(100);
    bench.authenticator.finish(Uint8Array.of(0));
    const messages = await bench.take();
    expect(messages.map(({ command, payload }) => [command, payload[0]])).toEqual([[0x3b, 1], [0x3b, 1], [0x3b, 2], [0x3b, 2], [0x10, 0]]);
    bench.environment.advance(1000);
    expect(await bench.take()).toEqual([]);
  });

  test('cancel ends the command of its own channel only', async () => {
    const bench = new Bench();
    const first = await bench.channel();
    const second = await bench.channel();
    bench.send(first, 0x10, Uint8Array.of(1));
    bench.send(second, 0x11);
    expect(await bench.take()).toEqual([]);
    bench.send(first, 0x11);
    expect(await bench.take()).toEqual([{ channel: first, command: 0x10, payload: Uint8Array.of(0x2d) }]);
    bench.send(first, 0x11);
    expect(await bench.take()).toEqual([]);
  });

  test('reset aborts without an answer and forgets the channels', async () => {
    const bench = new Bench();
    const channel = await bench.channel();
    bench.send(channel, 0x10, Uint8Array.of(1));
    bench.engine.reset();
    expect(bench.authenticator.exchange?.signal.aborted).toBe(true);
    expect(await bench.take()).toEqual([]);
    bench.send(channel, 0x01);
    expect(await bench.take()).toEqual([error(channel, 0x0b)]);
  });
});

describe('properties', () => {
  const payloads = fc.uint8Array({ maxLength: 7609, size: 'max' });

  test('any payload comes back from a ping as it was', async () => {
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const bench = new Bench();
        const channel = await bench.channel();
        bench.send(channel, 0x01, payload);
        expect(await bench.take()).toEqual([{ channel, command: 0x01, payload: copyBytes(payload) }]);
      }),
      { numRuns: 50 },
    );
  });

  test('packets of other channels in between change nothing but what those channels get', async () => {
    const strayChannels = fc.array(fc.integer({ min: 100, max: 0xffff_fffe }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 200, maxLength: 1000 }), strayChannels, async (payload, strays) => {
        const bench = new Bench();
        const channel = await bench.channel();
        for (const report of buildReports(channel, 0x01, payload)) {
          bench.report(report);
          for (const stray of strays) for (const part of buildReports(stray, 0x01, new Uint8Array(80))) bench.report(part);
        }
        const own = (await bench.take()).filter((message) => message.channel === channel);
        expect(own).toEqual([{ channel, command: 0x01, payload: copyBytes(payload) }]);
      }),
      { numRuns: 30 },
    );
  });

  test('any reports at all leave an engine that gives out channels', async () => {
    const header = fc.record({
      channel: fc.constantFrom(0, 1, 2, BROADCAST),
      marker: fc.oneof(fc.constantFrom(0x81, 0x83, 0x86, 0x88, 0x90, 0x91, 0xbf), fc.integer({ min: 0, max: 255 })),
      length: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 0xffff })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 40 }), async (headers) => {
        const bench = new Bench();
        await bench.channel();
        for (const { channel, marker, length } of headers) {
          const report = new Uint8Array(64);
          const view = new DataView(report.buffer);
          view.setUint32(0, channel);
          view.setUint8(4, marker);
          view.setUint16(5, length);
          bench.report(report);
        }
        await bench.take();
        expect(await bench.channel()).toBeGreaterThan(1);
      }),
    );
  });
});
