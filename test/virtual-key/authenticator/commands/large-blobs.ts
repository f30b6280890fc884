import { createHash } from 'node:crypto';

import { type Bytes, concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import type { KeyState } from '../key-state.ts';
import { bytesAt, required, unsignedAt } from '../parameters.ts';
import { Permission } from '../pin-uv-auth/token.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import { checkProtocol, isProtected } from '../user-verification.ts';

/** Bytes that the serialized large-blob array may have. Source: CTAP 2.1 §6.4 (0x0B): at least 1024. */
export const MAX_LARGE_BLOB_ARRAY = 4096;
// Room for the rest of the message. Source: CTAP 2.1 §6.10.2.
const MESSAGE_OVERHEAD = 64;
// A checksum and one byte of data: less cannot be an array.
const MIN_LENGTH = 17;

/** authenticatorLargeBlobs: reads a fragment of the large-blob array, or writes one (an empty response). Source: CTAP 2.1 §6.10.2. */
export function largeBlobs(state: KeyState, parameters: CborMap): CborMap | undefined {
  const get = unsignedAt(parameters, 1);
  const set = bytesAt(parameters, 2);
  const offset = unsignedAt(parameters, 3);
  const length = unsignedAt(parameters, 4);
  if (offset === undefined || (get === undefined) === (set === undefined)) {
    throw new CtapFailure(CtapStatus.invalidParameter);
  }
  const fragmentLength = get ?? set?.length ?? 0;
  if (fragmentLength > state.settings.maxMsgSize - MESSAGE_OVERHEAD) throw new CtapFailure(CtapStatus.invalidLength);
  if (set === undefined) {
    const forbidden = length !== undefined || parameters.has(5) || parameters.has(6);
    if (forbidden || offset > state.largeBlobs.bytes.length) throw new CtapFailure(CtapStatus.invalidParameter);
    return new Map<CborValue, CborValue>([[1, state.largeBlobs.bytes.slice(offset, offset + fragmentLength)]]);
  }
  write(state, parameters, { fragment: set, offset, length });
  return undefined;
}

interface Fragment {
  readonly fragment: Bytes;
  readonly offset: number;
  readonly length: number | undefined;
}

function write(state: KeyState, parameters: CborMap, { fragment, offset, length }: Fragment): void {
  if (offset === 0) {
    if (length === undefined || length < MIN_LENGTH) throw new CtapFailure(CtapStatus.invalidParameter);
    if (length > MAX_LARGE_BLOB_ARRAY) throw new CtapFailure(CtapStatus.limitExceeded);
  } else {
    if (length !== undefined) throw new CtapFailure(CtapStatus.invalidParameter);
    if (state.largeBlobs.nextOffset !== offset) throw new CtapFailure(0x04);
  }
  if (isProtected(state) || state.settings.alwaysUv) authorizeWrite(state, parameters, fragment, offset);
  if (offset === 0) state.largeBlobs.begin(length ?? 0);
  if (fragment.length > state.largeBlobs.missing) throw new CtapFailure(CtapStatus.invalidParameter);
  if (!state.largeBlobs.append(fragment)) throw new CtapFailure(CtapStatus.integrityFailure);
}

function authorizeWrite(state: KeyState, parameters: CborMap, fragment: Bytes, offset: number): void {
  const pinUvAuthParam = bytesAt(parameters, 5);
  const protocol = unsignedAt(parameters, 6);
  if (pinUvAuthParam === undefined) throw new CtapFailure(CtapStatus.puatRequired);
  checkProtocol(state, pinUvAuthParam, protocol);
  const number = required(protocol);
  const littleEndianOffset = new Uint8Array(4);
  new DataView(littleEndianOffset.buffer).setUint32(0, offset, true);
  const message = concatBytes(
    new Uint8Array(32).fill(0xff),
    Uint8Array.of(0x0c, 0x00),
    littleEndianOffset,
    copyBytes(createHash('sha256').update(fragment).digest()),
  );
  const token = state.pinUvAuth.token(number);
  const proven =
    token.verify(state.pinUvAuth.protocol(number), message, pinUvAuthParam) &&
    token.allows(Permission.largeBlobWrite, undefined);
  if (!proven) throw new CtapFailure(CtapStatus.pinAuthInvalid);
  if (state.settings.tokenLife === 'oneUse') state.pinUvAuth.resetTokens();
}
