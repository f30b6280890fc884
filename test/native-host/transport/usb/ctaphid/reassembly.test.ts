import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { CtaphidCommand, encodeMessage } from '../../../../../native-host/transport/usb/ctaphid/packet.ts';
import { Reassembler } from '../../../../../native-host/transport/usb/ctaphid/reassembly.ts';
import { type Bytes, equalBytes } from '../../../../../shared/bytes/bytes.ts';

const CHANNEL = 7;
const OTHER = 8;

function message(length: number, channelId = CHANNEL, reportSize = 64): readonly Bytes[] {
  const payload = Uint8Array.from({ length }, (_, index) => index & 0xff);
  return encodeMessage(channelId, CtaphidCommand.cbor, payload, reportSize);
}

function feedAll(reports: readonly Uint8Array[], channelId = CHANNEL): string[] {
  const reassembler = new Reassembler(channelId);
  return reports.map((report) => reassembler.feed(report).kind);
}

describe('CTAPHID reassembly', () => {
  test('any payload in reports of any size comes back, in any mixture with other channels', () => {
    const sizes = fc.integer({ min: 16, max: 64 });
    fc.assert(
      fc.property(
        sizes.chain((reportSize) =>
          fc.record({
            reportSize: fc.constant(reportSize),
            payload: fc.uint8Array({ maxLength: 600 }),
            foreign: fc.array(fc.uint8Array({ minLength: 0, maxLength: reportSize }), { maxLength: 20 }),
            gaps: fc.array(fc.nat(3), { maxLength: 60 }),
          }),
        ),
        ({ reportSize, payload, foreign, gaps }) => {
          const reassembler = new Reassembler(CHANNEL);
          const own = encodeMessage(CHANNEL, CtaphidCommand.cbor, payload, reportSize);
          const rest = [...foreign, ...message(200, OTHER, reportSize)].filter(
            (report) => !equalBytes(report.subarray(0, 4), Uint8Array.of(0, 0, 0, CHANNEL)),
          );
          const last = own.map((report, index) => {
            for (let count = gaps[index] ?? 0; count > 0; count -= 1) {
              const between = rest.shift();
              if (between !== undefined) expect(reassembler.feed(between)).toEqual({ kind: 'foreign' });
            }
            return reassembler.feed(report);
          });
          expect(last.pop()).toEqual({
            kind: 'message',
            message: { channelId: CHANNEL, command: CtaphidCommand.cbor, payload: Uint8Array.from(payload) },
          });
          expect(last.every(({ kind }) => kind === 'partial')).toBe(true);
        },
      ),
    );
  });

  test('a lost packet is noticed at the next one', () => {
    const [first, , third] = message(300);
    expect(feedAll([first, third].filter((report) => report !== undefined))).toEqual(['partial', 'broken']);
  });

  test('a repeated packet is noticed', () => {
    const [first, second] = message(300);
    expect(feedAll([first, second, second].filter((report) => report !== undefined))).toEqual([
      'partial',
      'partial',
      'broken',
    ]);
  });

  test('a second beginning is noticed, and the next message is whole again', () => {
    const [first] = message(300);
    const whole = message(20);
    const reports = [first, first, ...whole].filter((report) => report !== undefined);
    expect(feedAll(reports)).toEqual(['partial', 'broken', 'message']);
  });

  test('a continuation without a beginning is broken', () => {
    const [, second] = message(300);
    expect(feedAll(second === undefined ? [] : [second])).toEqual(['broken']);
  });

  test('a length that no message can have is broken', () => {
    const report = new Uint8Array(64);
    report.set([0, 0, 0, CHANNEL, 0x90, 0xff, 0xff]);
    expect(feedAll([report])).toEqual(['broken']);
  });

  test('random bytes on the own channel never throw, and never give a message longer than announced', () => {
    const tails = fc.array(fc.uint8Array({ minLength: 60, maxLength: 60 }), { maxLength: 40 });
    fc.assert(
      fc.property(tails, (reports) => {
        const reassembler = new Reassembler(CHANNEL);
        for (const tail of reports) {
          const step = reassembler.feed(Uint8Array.of(0, 0, 0, CHANNEL, ...tail));
          expect(step.kind).not.toBe('foreign');
          if (step.kind === 'message') expect(step.message.payload.length).toBeLessThanOrEqual(7609);
        }
      }),
    );
  });

  test('one corrupted byte gives another message, a break or a wait, never the same message', () => {
    const reports = message(150);
    const position = fc.record({ report: fc.nat(reports.length - 1), byte: fc.nat(63), mask: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(position, ({ report, byte, mask }) => {
        const changed = reports.map((original) => original.slice());
        const target = changed[report];
        if (target === undefined) return;
        target[byte] = (target[byte] ?? 0) ^ mask;
        const reassembler = new Reassembler(CHANNEL);
        const steps = changed.map((each) => reassembler.feed(each));
        const complete = steps.find((step) => step.kind === 'message');
        const isPadding = report === reports.length - 1 && byte >= 5 + 150 - 57 - 59;
        if (complete?.kind === 'message' && !isPadding) {
          const same = complete.message.command === CtaphidCommand.cbor && equalBytes(complete.message.payload, payloadOf(150));
          expect(same).toBe(false);
        } else {
          expect(isPadding || complete === undefined).toBe(true);
        }
      }),
    );
  });

  test('messages of several channels, of any length up to 7609 bytes and mixed in any way, all come back', () => {
    const lengths = fc.array(fc.oneof(fc.nat(200), fc.constantFrom(0, 57, 58, 116, 117, 7608, 7609)), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(lengths, fc.infiniteStream(fc.nat()), (wanted, draws) => {
        const waiting = wanted.map((length, index) => [...message(length, CHANNEL + index)]);
        const reassemblers = wanted.map((_, index) => new Reassembler(CHANNEL + index));
        const arrived = new Map<number, Bytes>();
        while (waiting.some(({ length }) => length > 0)) {
          const left = waiting.filter(({ length }) => length > 0);
          const report = left[(draws.next().value ?? 0) % left.length]?.shift() ?? new Uint8Array();
          const steps = reassemblers.map((each) => each.feed(report));
          expect(steps.filter(({ kind }) => kind !== 'foreign')).toHaveLength(1);
          for (const step of steps) if (step.kind === 'message') arrived.set(step.message.channelId, step.message.payload);
        }
        expect([...arrived].sort(([left], [right]) => left - right)).toEqual(wanted.map((length, index) => [CHANNEL + index, payloadOf(length)]));
      }),
      { numRuns: 50 },
    );
  });

  test('reports that are lost, repeated or swapped never give a message that was not sent', () => {
    const faults = fc.array(fc.record({ what: fc.constantFrom('lose', 'repeat', 'swap'), at: fc.nat() }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.integer({ min: 58, max: 2000 }), faults, (length, list) => {
        const reports = [...message(length)];
        for (const { what, at } of list) {
          const position = at % Math.max(1, reports.length);
          const report = reports[position];
          if (report === undefined) continue;
          if (what === 'repeat') reports.splice(position, 0, report);
          else reports.splice(position, 1);
          if (what === 'swap') reports.splice(position + 1, 0, report);
        }
        const reassembler = new Reassembler(CHANNEL);
        for (const report of reports) {
          const step = reassembler.feed(report);
          if (step.kind === 'message') expect(equalBytes(step.message.payload, payloadOf(length))).toBe(true);
        }
        // Whatever is left of it, a reset makes room for the next message.
        reassembler.reset();
        expect(message(length).map((report) => reassembler.feed(report).kind).at(-1)).toBe('message');
      }),
    );
  });
});

function payloadOf(length: number): Bytes {
  return Uint8Array.from({ length }, (_, index) => index & 0xff);
}
