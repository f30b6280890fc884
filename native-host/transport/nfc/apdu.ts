import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';

/** A command in parts. Source: ISO/IEC 7816-4 §5.1. */
export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Bytes;
}

/** A response: data and `sw1sw2`. */
export interface ResponseApdu {
  readonly data: Bytes;
  readonly status: number;
}

/** How commands are put on the wire. */
export interface ApduFormat {
  /** `short`: chained blocks, taken everywhere. `extended`: one APDU, which not every reader and card takes. */
  readonly form: 'short' | 'extended';
  /** Transmission protocol of the card. T=0 has no place for Le behind data, and no extended form. */
  readonly protocol: 't0' | 't1';
}

/** Carries one APDU to the card and its answer back. `maxLength`: bytes of the answer at most, with its status word. */
export type Transmit<Failure> = (apdu: Bytes, maxLength: number) => Promise<Result<Bytes, Failure>>;

/** The card broke the rules. `detail` carries no payload bytes. */
export interface ApduError {
  readonly kind: 'apdu';
  readonly detail: string;
}

/** Status words. Source: ISO/IEC 7816-4 §5.6. */
export const ApduStatus = {
  ok: 0x9000,
  wrongLength: 0x6700,
  lastCommandExpected: 0x6883,
  chainingNotSupported: 0x6884,
  insNotSupported: 0x6d00,
  claNotSupported: 0x6e00,
} as const;

const HEADER = 4;
const CHAINING = 0x10;
const GET_RESPONSE = 0xc0;
const INTERINDUSTRY = 0x00;
const MORE_DATA = 0x61;
const WRONG_LENGTH = 0x6c;

/** Bytes of data in one block of a chain: less than 255, so that it fits the frames of every contactless reader. */
const BLOCK = 240;
const MAX_SHORT_ANSWER = 256 + 2;
const MAX_EXTENDED_ANSWER = 65_536 + 2;
/** Bytes of an answer in all; no message of CTAP is longer. */
const MAX_ANSWER = 65_536;
/** Parts of an answer; a card that always has more to give must come to an end. */
const MAX_PARTS = 1024;

/**
 * Encodes a command as one or more APDUs: short ones are chained with CLA bit 0x10, and only the last asks for an
 * answer (Le).
 *
 * Source: ISO/IEC 7816-4 §5.1, §5.1.1.1 "Command chaining"; ISO/IEC 7816-3 §12.2.3 (no Le with data for T=0).
 */
export function encodeApdus(command: CommandApdu, format: ApduFormat): readonly Bytes[] {
  const { cla, ins, p1, p2, data } = command;
  if (format.form === 'extended' && format.protocol === 't1') {
    const header = Uint8Array.of(cla, ins, p1, p2, 0);
    if (data.length === 0) return [concatBytes(header, Uint8Array.of(0, 0))];
    return [concatBytes(header, Uint8Array.of(data.length >> 8, data.length & 0xff), data, Uint8Array.of(0, 0))];
  }
  const blocks: Bytes[] = [];
  for (let start = 0; start + BLOCK < data.length; start += BLOCK) {
    const block = data.slice(start, start + BLOCK);
    blocks.push(concatBytes(Uint8Array.of(cla | CHAINING, ins, p1, p2, block.length), block));
  }
  const last = data.slice(blocks.length * BLOCK);
  return [...blocks, encodeShort({ cla, ins, p1, p2, data: last }, 0, format)];
}

/** Reads a command in the extended form, as U2F messages come. `undefined` when the lengths do not fit. */
export function decodeExtendedApdu(apdu: Bytes): CommandApdu | undefined {
  const [cla, ins, p1, p2, zero, high = 0, low = 0] = apdu;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const header = { cla, ins, p1, p2 };
  if (apdu.length === HEADER || apdu.length === HEADER + 3) return { ...header, data: new Uint8Array() };
  const start = HEADER + 3;
  const end = start + ((high << 8) | low);
  if (zero !== 0 || (apdu.length !== end && apdu.length !== end + 2)) return undefined;
  return { ...header, data: apdu.slice(start, end) };
}

/** Reads a response. Fails when it has no status word. */
export function parseResponse(bytes: Bytes): Result<ResponseApdu, ApduError> {
  const end = bytes.length - 2;
  if (end < 0) return broken('The answer has no status word.');
  return success({ data: bytes.slice(0, end), status: ((bytes[end] ?? 0) << 8) | (bytes[end + 1] ?? 0) });
}

/**
 * Sends a command and collects its whole answer: 61xx is followed by GET RESPONSE of the same class (of class 00 where the
 * card does not know it otherwise), 6Cxx by the
 * command with the right Le, once. A block of a chain that is refused ends the exchange with its status, but for a card
 * that knows no chains: it gets the command in the extended form, as one that refuses that form gets the short one. In
 * both cases the card has seen no whole command yet, so that nothing is done twice.
 *
 * Source: ISO/IEC 7816-4 §5.3.4, §5.6; ISO/IEC 7816-3 §12.2.
 */
export async function exchangeApdu<Failure>(
  command: CommandApdu,
  format: ApduFormat,
  transmit: Transmit<Failure>,
): Promise<Result<ResponseApdu, Failure | ApduError>> {
  const response = await exchangeInForm(command, format, transmit);
  if (!response.ok || format.protocol === 't0' || response.value.data.length > 0) return response;
  const { status } = response.value;
  if (format.form === 'short') {
    const isChain = command.data.length > BLOCK;
    const knowsNoChains = status === ApduStatus.chainingNotSupported || status === ApduStatus.lastCommandExpected;
    return isChain && knowsNoChains ? exchangeInForm(command, { ...format, form: 'extended' }, transmit) : response;
  }
  return status === ApduStatus.wrongLength ? exchangeInForm(command, { ...format, form: 'short' }, transmit) : response;
}

async function exchangeInForm<Failure>(
  command: CommandApdu,
  format: ApduFormat,
  transmit: Transmit<Failure>,
): Promise<Result<ResponseApdu, Failure | ApduError>> {
  const extended = format.form === 'extended' && format.protocol === 't1';
  const maxLength = extended ? MAX_EXTENDED_ANSWER : MAX_SHORT_ANSWER;
  const apdus = encodeApdus(command, format);
  const last = apdus.length - 1;
  for (const apdu of apdus.slice(0, last)) {
    const taken = await send(apdu, maxLength, transmit);
    if (!taken.ok || taken.value.status !== ApduStatus.ok) return taken;
  }
  let response = await send(apdus[last] ?? new Uint8Array(), maxLength, transmit);
  if (response.ok && response.value.status >> 8 === WRONG_LENGTH) {
    const block = { ...command, data: extended ? command.data : command.data.slice(last * BLOCK) };
    response = await send(encodeShort(block, response.value.status & 0xff, format), maxLength, transmit);
  }
  return collect(command.cla, response, format, maxLength, transmit);
}

/** Whether a status says that the application does not know the command, or its class. */
export function isNotKnown(status: number): boolean {
  return status === ApduStatus.insNotSupported || status === ApduStatus.claNotSupported;
}

async function collect<Failure>(
  cla: number,
  first: Result<ResponseApdu, Failure | ApduError>,
  format: ApduFormat,
  maxLength: number,
  transmit: Transmit<Failure>,
): Promise<Result<ResponseApdu, Failure | ApduError>> {
  const parts: Bytes[] = [];
  let getResponse = { cla, ins: GET_RESPONSE, p1: 0, p2: 0, data: new Uint8Array() };
  let length = 0;
  let response = first;
  for (let rounds = 0; rounds < MAX_PARTS; rounds += 1) {
    if (!response.ok) return response;
    const { data, status } = response.value;
    parts.push(data);
    length += data.length;
    if (length > MAX_ANSWER) return broken('The answer is longer than any message of CTAP.');
    if (status >> 8 !== MORE_DATA) return success({ data: concatBytes(...parts), status });
    response = await send(encodeShort(getResponse, status & 0xff, format), maxLength, transmit);
    if (response.ok && isNotKnown(response.value.status) && getResponse.cla !== INTERINDUSTRY) {
      getResponse = { ...getResponse, cla: INTERINDUSTRY };
      response = await send(encodeShort(getResponse, status & 0xff, format), maxLength, transmit);
    }
    if (response.ok && response.value.status >> 8 === WRONG_LENGTH) {
      response = await send(encodeShort(getResponse, response.value.status & 0xff, format), maxLength, transmit);
    }
  }
  return broken('The answer has no end.');
}

async function send<Failure>(
  apdu: Bytes,
  maxLength: number,
  transmit: Transmit<Failure>,
): Promise<Result<ResponseApdu, Failure | ApduError>> {
  const answer = await transmit(apdu, maxLength);
  return answer.ok ? parseResponse(answer.value) : answer;
}

/** `expected`: bytes of the answer, 0 for 256. */
function encodeShort({ cla, ins, p1, p2, data }: CommandApdu, expected: number, { protocol }: ApduFormat): Bytes {
  const header = Uint8Array.of(cla, ins, p1, p2);
  if (data.length === 0) return concatBytes(header, Uint8Array.of(expected));
  const body = concatBytes(header, Uint8Array.of(data.length), data);
  return protocol === 't0' ? body : concatBytes(body, Uint8Array.of(expected));
}

function broken(detail: string): Result<never, ApduError> {
  return failure({ kind: 'apdu', detail });
}
