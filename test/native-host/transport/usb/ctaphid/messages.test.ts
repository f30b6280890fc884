import { describe, expect, test } from 'vitest';

import {
  ctaphidErrorName,
  decodeInitResponse,
  decodeKeepalive,
} from '../../../../../native-host/transport/usb/ctaphid/messages.ts';

const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const answer = (capabilities: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.of(...NONCE, 0xaa, 0xbb, 0xcc, 0xdd, 2, 5, 4, 3, capabilities);

describe('CTAPHID messages', () => {
  test.each([
    [0x00, { supportsWink: false, supportsCbor: false, supportsMsg: true }],
    [0x05, { supportsWink: true, supportsCbor: true, supportsMsg: true }],
    [0x0c, { supportsWink: false, supportsCbor: true, supportsMsg: false }],
  ])('INIT with capabilities %i', (capabilities, expected) => {
    expect(decodeInitResponse(answer(capabilities), NONCE)).toEqual({ channelId: 0xaabbccdd, ...expected });
  });

  test('INIT of another nonce, or cut short, is not for us', () => {
    expect(decodeInitResponse(answer(4), Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1))).toBeUndefined();
    expect(decodeInitResponse(answer(4).slice(0, 16), NONCE)).toBeUndefined();
  });

  test('only status 2 asks for a touch', () => {
    expect(decodeKeepalive(Uint8Array.of(1))).toBe('processing');
    expect(decodeKeepalive(Uint8Array.of(2))).toBe('userPresenceNeeded');
    expect(decodeKeepalive(new Uint8Array())).toBe('processing');
  });

  test('every error code has a name', () => {
    expect(ctaphidErrorName(0x06)).toBe('channelBusy');
    expect(ctaphidErrorName(0x42)).toBe('unknown(0x42)');
  });
});
