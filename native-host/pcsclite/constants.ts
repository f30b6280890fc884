/**
 * Numbers of winscard.h and pcsclite.h, the same on all systems unless said otherwise.
 *
 * Source: PC/SC part 5; pcsc-lite's pcsclite.h; the Windows SDK's winerror.h.
 */

/** Codes that calls give, as unsigned 32-bit numbers. */
export const PcscCode = {
  success: 0,
  cancelled: 0x80100002,
  invalidHandle: 0x80100003,
  unknownReader: 0x80100009,
  timeout: 0x8010000a,
  sharingViolation: 0x8010000b,
  noSmartcard: 0x8010000c,
  notReady: 0x80100010,
  notTransacted: 0x80100016,
  readerUnavailable: 0x80100017,
  noService: 0x8010001d,
  serviceStopped: 0x8010001e,
  noReadersAvailable: 0x8010002e,
  unresponsiveCard: 0x80100066,
  unpoweredCard: 0x80100067,
  resetCard: 0x80100068,
  removedCard: 0x80100069,
} as const;

/** Bits of a reader's state; the upper 16 bits count cards put in and taken out, where the system tells. */
export const ReaderState = {
  unaware: 0x0000,
  changed: 0x0002,
  empty: 0x0010,
  present: 0x0020,
} as const;

/**
 * Constants that the original binding has on each reader. `SCARD_PROTOCOL_RAW` and the control codes depend on the
 * system and are set by the reader.
 */
export const READER_CONSTANTS = {
  SCARD_STATE_UNAWARE: 0x0000,
  SCARD_STATE_IGNORE: 0x0001,
  SCARD_STATE_CHANGED: 0x0002,
  SCARD_STATE_UNKNOWN: 0x0004,
  SCARD_STATE_UNAVAILABLE: 0x0008,
  SCARD_STATE_EMPTY: 0x0010,
  SCARD_STATE_PRESENT: 0x0020,
  SCARD_STATE_ATRMATCH: 0x0040,
  SCARD_STATE_EXCLUSIVE: 0x0080,
  SCARD_STATE_INUSE: 0x0100,
  SCARD_STATE_MUTE: 0x0200,
  SCARD_SHARE_EXCLUSIVE: 1,
  SCARD_SHARE_SHARED: 2,
  SCARD_SHARE_DIRECT: 3,
  SCARD_PROTOCOL_T0: 1,
  SCARD_PROTOCOL_T1: 2,
  SCARD_LEAVE_CARD: 0,
  SCARD_RESET_CARD: 1,
  SCARD_UNPOWER_CARD: 2,
  SCARD_EJECT_CARD: 3,
} as const;

/** Code of `SCardControl` for command `code`. Source: PC/SC part 10; winsmcrd.h; pcsc-lite's reader.h. */
export function controlCode(platform: NodeJS.Platform, code: number): number {
  return platform === 'win32' ? (0x31 << 16) | (code << 2) : 0x42000000 + code;
}
