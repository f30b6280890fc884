import { type Bytes, concatBytes } from '../../../../shared/bytes/bytes.ts';

/** A command APDU in parts. */
export interface CardCommand {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Bytes;
  /** Bytes that the reader wants back; 0 for none, 65536 at most. */
  readonly expected: number;
  readonly extended: boolean;
}

/** Reads a command APDU in any of its seven forms; `undefined` when the lengths do not fit. Source: ISO 7816-4 §5.1. */
export function parseCommand(apdu: Bytes): CardCommand | undefined {
  const [cla, ins, p1, p2, first, high = 0, low = 0] = apdu;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const header = { cla, ins, p1, p2 };
  const none = new Uint8Array();
  if (first === undefined) return { ...header, data: none, expected: 0, extended: false };
  if (apdu.length === 5) return { ...header, data: none, expected: first === 0 ? 256 : first, extended: false };
  if (first !== 0) return withBody(header, apdu.slice(5), first, 1);
  const length = (high << 8) | low;
  if (apdu.length === 7) return { ...header, data: none, expected: length === 0 ? 65_536 : length, extended: true };
  return withBody(header, apdu.slice(7), length, 2);
}

function withBody(
  header: Pick<CardCommand, 'cla' | 'ins' | 'p1' | 'p2'>,
  body: Bytes,
  length: number,
  leLength: 1 | 2,
): CardCommand | undefined {
  const data = body.slice(0, length);
  const le = body.slice(length);
  if (data.length !== length || (le.length !== 0 && le.length !== leLength)) return undefined;
  const wanted = le.reduce((value, byte) => value * 256 + byte, 0);
  const most = leLength === 1 ? 256 : 65_536;
  return { ...header, data, expected: le.length === 0 ? 0 : wanted === 0 ? most : wanted, extended: leLength === 2 };
}

/** The command as U2F takes it: extended, with all that a chain has brought. */
export function encodeExtended({ cla, ins, p1, p2, data }: CardCommand): Bytes {
  const header = Uint8Array.of(cla, ins, p1, p2, 0);
  if (data.length === 0) return concatBytes(header, Uint8Array.of(0, 0));
  return concatBytes(header, Uint8Array.of(data.length >> 8, data.length & 0xff), data, Uint8Array.of(0, 0));
}

/** A response APDU. */
export function encodeAnswer(status: number, data: Uint8Array = new Uint8Array()): Bytes {
  return concatBytes(data, Uint8Array.of(status >> 8, status & 0xff));
}
