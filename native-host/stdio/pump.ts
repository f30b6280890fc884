import type { Readable, Writable } from 'node:stream';

import { createFrameDecoder, encodeFrame, type IncomingFrame } from './frame.ts';

/** Bytes waiting for a browser that does not read, beyond which the host stops reading in its turn. */
const MAX_UNSENT = 4 * 1024 * 1024;

/** What the pump is built from. */
export interface PumpOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly onFrame: (frame: IncomingFrame) => void;
  /** The stream ended or broke: the browser is gone. Called once. `clean` is false when a frame was cut off. */
  readonly onEnd: (clean: boolean) => void;
}

/** A running pump. */
export interface Pump {
  /** Sends one message; false, with nothing written, when the browser would refuse its size. */
  send(message: unknown): boolean;
  /** Resolves once everything sent so far was handed to the operating system, or the browser is gone. */
  flushed(): Promise<void>;
}

/**
 * Carries native messaging frames over a pair of streams. Both are the pump's own: nothing else may write to `output`.
 */
export function startPump({ input, output, onFrame, onEnd }: PumpOptions): Pump {
  const decoder = createFrameDecoder();
  let ended = false;

  function end(): void {
    if (ended) return;
    ended = true;
    input.pause();
    onEnd(decoder.pending === 0);
  }

  input.on('data', (chunk: Uint8Array) => {
    for (const frame of decoder.push(chunk)) {
      if (!ended) onFrame(frame);
    }
  });
  input.on('end', end);
  input.on('error', end);
  // A broken pipe is how a killed browser shows itself when it is written to first.
  output.on('error', end);
  output.on('drain', () => {
    if (!ended) input.resume();
  });

  return {
    send(message) {
      const frame = encodeFrame(message);
      if (!frame.ok) return false;
      if (ended) return true;
      output.write(frame.value);
      if (output.writableLength > MAX_UNSENT) input.pause();
      return true;
    },
    flushed() {
      return new Promise((resolve) => {
        if (ended || output.writableLength === 0) resolve();
        else output.write('', () => resolve());
      });
    },
  };
}
