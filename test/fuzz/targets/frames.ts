import { createFrameDecoder, encodeFrame, type IncomingFrame } from '../../../native-host/stdio/frame.ts';
import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';

const MAX_BODY = 200;

function frame(message: unknown): Bytes {
  const encoded = encodeFrame(message, true);
  return encoded.ok ? encoded.value : new Uint8Array();
}

function decode(chunks: readonly Bytes[]): { readonly frames: readonly IncomingFrame[]; readonly pending: number } {
  const decoder = createFrameDecoder(MAX_BODY, true);
  const frames = chunks.flatMap((chunk) => decoder.push(chunk));
  return { frames, pending: decoder.pending };
}

/** Frames of native messaging, in any cut. */
export const framesTarget: FuzzTarget = {
  name: 'native-frames',
  property: 'the frames do not depend on how the stream was cut, and every byte belongs to one of them',
  covers: ['native-host/stdio/frame.ts'],
  structures: ['json'],
  quickRuns: 2500,
  seeds: [
    [frame({ v: 1, id: 'a', method: 'host.hello', params: {} })],
    [concatBytes(frame(1), frame('é'), frame(null))],
    [frame([true]).slice(0, 3), frame([true]).slice(3)],
    [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(255, 0, 0, 0), new Uint8Array(255), frame({})],
    [Uint8Array.of(255, 255, 255, 255), new Uint8Array(40)],
  ],
  run: (input) => {
    const stream = concatBytes(...input);
    const asCut = decode(input);
    const whole = decode([stream]);
    mustHold(JSON.stringify(asCut) === JSON.stringify(whole), 'The cut makes no difference.');
    mustHold(JSON.stringify(decode(Array.from(stream, (byte) => Uint8Array.of(byte)))) === JSON.stringify(whole), 'Not even into single bytes.');
    mustBeBounded(whole.frames, input);
    let offset = 0;
    for (const each of whole.frames) {
      const length = new DataView(stream.buffer).getUint32(offset, true);
      if (each.kind === 'oversized') mustHold(each.length === length && length > MAX_BODY, 'The length is that of the header.');
      else mustHold(length <= MAX_BODY, 'Longer frames are not decoded.');
      offset += 4 + length;
    }
    // A frame that is too long is told when its header is there; it may still be on its way.
    const rest = Math.max(0, stream.length - offset);
    mustHold(offset > stream.length ? whole.pending > 0 : whole.pending === rest, 'What is left is an unfinished frame.');
    return [...new Set(whole.frames.map(({ kind }) => kind))].sort().join(' ');
  },
};
