import { PassThrough, Writable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { createFrameDecoder, encodeFrame, type IncomingFrame, MAX_OUTGOING_BODY } from '../../../native-host/stdio/frame.ts';
import { type Pump, startPump } from '../../../native-host/stdio/pump.ts';

interface Fixture {
  readonly input: PassThrough;
  readonly pump: Pump;
  readonly frames: IncomingFrame[];
  /** Resolves with what the pump said of the end. */
  readonly ended: Promise<boolean>;
}

function startFixture(output: Writable): Fixture {
  const input = new PassThrough();
  const frames: IncomingFrame[] = [];
  let pump: Pump | undefined;
  const ended = new Promise<boolean>((resolve) => {
    pump = startPump({ input, output, onFrame: (frame) => frames.push(frame), onEnd: resolve });
  });
  if (pump === undefined) throw new Error('unreachable');
  return { input, pump, frames, ended };
}

function encode(message: unknown): Uint8Array {
  const frame = encodeFrame(message);
  if (!frame.ok) throw new Error('The frame is too large.');
  return frame.value;
}

/** A browser that reads only when told so. */
class SlowReader extends Writable {
  readonly #waiting: (() => void)[] = [];
  written = 0;

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.written += chunk.length;
    this.#waiting.push(done);
  }

  read(): void {
    this.#waiting.shift()?.();
  }
}

describe('pump', () => {
  test('frames in, frames out', async () => {
    const output = new PassThrough();
    const { input, pump, frames, ended } = startFixture(output);
    input.end(encode({ hello: 1 }));
    expect(pump.send({ answer: 2 })).toBe(true);
    expect(await ended).toBe(true);
    expect(frames).toEqual([{ kind: 'message', value: { hello: 1 } }]);
    expect(createFrameDecoder().push(output.read() as Uint8Array)).toEqual([{ kind: 'message', value: { answer: 2 } }]);
  });

  test('a message that the browser would refuse is not written', () => {
    const output = new PassThrough();
    const { pump } = startFixture(output);
    expect(pump.send('x'.repeat(MAX_OUTGOING_BODY))).toBe(false);
    expect(output.readableLength).toBe(0);
  });

  test('a cut-off frame at the end is told', async () => {
    const { input, ended } = startFixture(new PassThrough());
    input.end(encode('cut').subarray(0, 7));
    expect(await ended).toBe(false);
  });

  test('a broken output is an end', async () => {
    const output = new PassThrough();
    const { pump, ended } = startFixture(output);
    output.destroy(new Error('EPIPE'));
    expect(await ended).toBe(true);
    expect(pump.send('into the void')).toBe(true);
    await pump.flushed();
  });

  test('while the browser does not read, the host does not either', async () => {
    const output = new SlowReader();
    const { input, pump, frames } = startFixture(output);
    const large = 'x'.repeat(1_000_000);
    for (let count = 0; count < 6; count += 1) pump.send(large);
    expect(input.isPaused()).toBe(true);
    input.write(encode('later'));
    expect(frames).toEqual([]);
    const resumed = new Promise((resolve) => input.once('resume', resolve));
    const flushed = pump.flushed();
    const reading = setInterval(() => output.read(), 0);
    await resumed;
    await flushed;
    clearInterval(reading);
    expect(output.written).toBe(6 * (large.length + 6));
    expect(frames).toEqual([{ kind: 'message', value: 'later' }]);
  });
});
