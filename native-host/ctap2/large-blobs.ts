import { createHash } from 'node:crypto';

import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { parameterMap, sendCommand } from './command.ts';
import { type CommandError, malformedResponse } from './errors.ts';
import type { AuthenticatorInfo } from './get-info.ts';
import { bytesMember } from './members.ts';
import type { PinUvAuthToken } from './pin-uv-auth/token.ts';

type Limits = Pick<AuthenticatorInfo, 'maxMsgSize' | 'maxSerializedLargeBlobArray'>;

/** CTAP 2.2 §6.10.2: what a fragment leaves of a message for everything else. */
const FRAGMENT_OVERHEAD = 64;

/** Bytes that are read at most, whatever the key claims; no key stores nearly as much. */
const MOST_BYTES = 262_144;

/** Bytes of a fragment at least: a key that claims to take less would be asked for ever. CTAP 2.2 §6.4 has 1024 for messages. */
const LEAST_FRAGMENT = 64;

/**
 * Reads the serialized large-blob array, checksum included, in fragments.
 *
 * Source: CTAP 2.2 §6.10.2 "Reading per-credential large-blob data".
 */
export async function readLargeBlobs(
  device: Device,
  info: Limits,
  options: CallOptions,
): Promise<Result<Bytes, CommandError>> {
  const most = Math.min(info.maxSerializedLargeBlobArray ?? MOST_BYTES, MOST_BYTES);
  const length = fragmentLength(info);
  const fragments: Bytes[] = [];
  for (let offset = 0; offset <= most; ) {
    const parameters = parameterMap([0x01, length], [0x03, offset]);
    const response = await sendCommand(device, 'largeBlobs', parameters, options);
    if (!response.ok) return response;
    const fragment = bytesMember(response.value, 0x01);
    if (fragment === undefined || fragment.length > length) {
      return failure(malformedResponse('largeBlobs', 'The fragment is missing or longer than asked for.'));
    }
    fragments.push(fragment);
    if (fragment.length < length) return success(concatBytes(...fragments));
    offset += length;
  }
  return failure(malformedResponse('largeBlobs', 'The array is longer than the key says it can be.'));
}

/**
 * Writes the serialized large-blob array, which must end with its checksum. Each fragment is authorised with the token,
 * which needs the permission `largeBlobWrite`; a key without user verification takes it without one.
 *
 * Source: CTAP 2.2 §6.10.2 "Updating per-credential large-blob data".
 */
export async function writeLargeBlobs(
  device: Device,
  info: Limits,
  array: Bytes,
  token: PinUvAuthToken | undefined,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  const length = fragmentLength(info);
  for (let offset = 0; offset < array.length; offset += length) {
    const fragment = array.slice(offset, offset + length);
    const parameters = parameterMap(
      [0x02, fragment],
      [0x03, offset],
      [0x04, offset === 0 ? array.length : undefined],
      [0x05, token?.authenticate(authorisedMessage(fragment, offset))],
      [0x06, token?.protocol],
    );
    const response = await sendCommand(device, 'largeBlobs', parameters, options);
    if (!response.ok) return response;
  }
  return success(undefined);
}

function fragmentLength({ maxMsgSize }: Limits): number {
  return Math.max(LEAST_FRAGMENT, maxMsgSize - FRAGMENT_OVERHEAD);
}

function authorisedMessage(fragment: Bytes, offset: number): Bytes {
  const littleEndianOffset = new Uint8Array(4);
  new DataView(littleEndianOffset.buffer).setUint32(0, offset, true);
  const hash = createHash('sha256').update(fragment).digest();
  return concatBytes(new Uint8Array(32).fill(0xff), Uint8Array.of(0x0c, 0x00), littleEndianOffset, hash);
}
