import { ByteReader } from '../../../../shared/bytes/byte-reader.ts';
import { type Bytes, equalBytes } from '../../../../shared/bytes/bytes.ts';
import type { KeepaliveStatus } from '../../device.ts';

/** Bytes of the nonce that goes with CTAPHID_INIT. */
export const NONCE_LENGTH = 8;

const INIT_RESPONSE_LENGTH = 17;

/** Bits of the capabilities byte. Source: CTAP 2.2 §11.2.9.1.3 CTAPHID_INIT. */
const Capability = { wink: 0x01, cbor: 0x04, noMsg: 0x08 } as const;

/** What a key answers to CTAPHID_INIT. */
export interface InitResponse {
  readonly channelId: number;
  readonly supportsWink: boolean;
  readonly supportsCbor: boolean;
  readonly supportsMsg: boolean;
}

/**
 * Decodes the answer to CTAPHID_INIT.
 *
 * Source: CTAP 2.2 §11.2.9.1.3.
 *
 * @param nonce the nonce of our own request: answers to other programs arrive as well.
 * @returns `undefined` for an answer to another request, or one that is too short.
 */
export function decodeInitResponse(payload: Bytes, nonce: Bytes): InitResponse | undefined {
  if (payload.length < INIT_RESPONSE_LENGTH) return undefined;
  const reader = new ByteReader(payload);
  if (!equalBytes(reader.take(NONCE_LENGTH), nonce)) return undefined;
  const channelId = reader.uint32();
  // Protocol version and device version (major, minor, build) have no bearing on anything here.
  reader.take(4);
  const capabilities = reader.uint8();
  return {
    channelId,
    supportsWink: (capabilities & Capability.wink) !== 0,
    supportsCbor: (capabilities & Capability.cbor) !== 0,
    supportsMsg: (capabilities & Capability.noMsg) === 0,
  };
}

const KEEPALIVE_USER_PRESENCE_NEEDED = 2;

/** Status of CTAPHID_KEEPALIVE; all but "user presence needed" is work. Source: CTAP 2.2 §11.2.9.2.1. */
export function decodeKeepalive(payload: Bytes): KeepaliveStatus {
  return payload[0] === KEEPALIVE_USER_PRESENCE_NEEDED ? 'userPresenceNeeded' : 'processing';
}

/** Codes of CTAPHID_ERROR. Source: CTAP 2.2 §11.2.9.1.6. */
export const CtaphidError = {
  invalidCommand: 0x01,
  invalidParameter: 0x02,
  invalidLength: 0x03,
  invalidSequence: 0x04,
  messageTimeout: 0x05,
  channelBusy: 0x06,
  lockRequired: 0x0a,
  invalidChannel: 0x0b,
  other: 0x7f,
} as const;

const ERROR_NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map(
  Object.entries(CtaphidError).map(([name, code]) => [code, name]),
);

/** Names a code of CTAPHID_ERROR; every byte has a name. */
export function ctaphidErrorName(code: number): string {
  return ERROR_NAMES.get(code) ?? `unknown(0x${code.toString(16).padStart(2, '0')})`;
}
