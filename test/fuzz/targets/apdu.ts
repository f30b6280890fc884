import {
  type ApduFormat,
  decodeExtendedApdu,
  encodeApdus,
  exchangeApdu,
  type ResponseApdu,
  type Transmit,
} from '../../../native-host/transport/nfc/apdu.ts';
import { exchangeCtap, parseAppletVersion } from '../../../native-host/transport/nfc/nfcctap.ts';
import { type Bytes, concatBytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';

const FORMATS: readonly ApduFormat[] = [
  { form: 'short', protocol: 't1' },
  { form: 'short', protocol: 't0' },
  { form: 'extended', protocol: 't1' },
];
const MOST_APDUS = 3000;

interface Card {
  readonly transmit: Transmit<'gone'>;
  readonly sent: Bytes[];
  readonly given: Bytes[];
}

/** Gives the answers in turn; behind the last one the card is gone, or repeats that one for ever. */
function card(answers: readonly Bytes[], isEndless: boolean): Card {
  const sent: Bytes[] = [];
  const given: Bytes[] = [];
  return {
    sent,
    given,
    transmit: (apdu) => {
      const next = answers[sent.length] ?? (isEndless ? answers.at(-1) : undefined);
      sent.push(apdu);
      mustHold(sent.length <= MOST_APDUS, 'An exchange comes to an end.');
      if (next === undefined) return Promise.resolve({ ok: false, error: 'gone' });
      given.push(next);
      return Promise.resolve({ ok: true, value: next });
    },
  };
}

/** What the answers carry: the data of each but those that only corrected a length (6Cxx). */
function carried(given: readonly Bytes[], blocks: number): Bytes {
  return concatBytes(...given.slice(blocks - 1).filter((answer) => answer.at(-2) !== 0x6c || answer.length > 2).map((answer) => answer.subarray(0, -2)));
}

function outcomeOf(result: Result<ResponseApdu, 'gone' | { readonly detail: string }>): string {
  if (result.ok) return result.value.status === 0x9000 ? `ok ${Math.min(result.value.data.length, 2).toString()}` : 'other status';
  return result.error === 'gone' ? 'gone' : result.error.detail;
}

/** Response chaining: 61xx and 6Cxx in any order. */
export const apduTarget: FuzzTarget = {
  name: 'apdu',
  property: 'an exchange ends, never with 61xx, and gives no data but the card\'s own',
  covers: ['native-host/transport/nfc/apdu.ts'],
  structures: [],
  seeds: [
    [Uint8Array.of(0, 40), Uint8Array.of(1, 2, 0x90, 0)],
    [Uint8Array.of(0, 40), Uint8Array.of(1, 2, 0x61, 2), Uint8Array.of(3, 4, 0x90, 0)],
    [Uint8Array.of(1, 250), Uint8Array.of(0x90, 0), Uint8Array.of(0x6c, 3), Uint8Array.of(1, 2, 3, 0x90, 0)],
    [Uint8Array.of(2, 250), Uint8Array.of(0x61, 0), Uint8Array.of(0x6c, 1), Uint8Array.of(9, 0x61, 1), Uint8Array.of(8, 0x69, 0x85)],
    [Uint8Array.of(0x80, 3), Uint8Array.of(1, 0x61, 1)],
  ],
  run: async (input) => {
    const [how = new Uint8Array(), ...answers] = input;
    const [mode = 0, length = 0] = how;
    const format = FORMATS[(mode & 0x7f) % FORMATS.length] ?? { form: 'short', protocol: 't1' };
    const command = { cla: 0x80, ins: 0x10, p1: 0, p2: 0, data: new Uint8Array(length * 3) };
    const blocks = encodeApdus(command, format).length;
    const { transmit, sent, given } = card(answers, (mode & 0x80) !== 0);
    const result = await exchangeApdu(command, format, transmit);
    for (const apdu of sent) mustHold(format.form === 'extended' || apdu.length <= 261, 'A short APDU has no more than 261 bytes.');
    if (result.ok && sent.length >= blocks) {
      const { data, status } = result.value;
      mustHold(status >> 8 !== 0x61 || sent.length < blocks, 'All that the card had was fetched.');
      mustBeBounded(data, given);
      if (sent.length > blocks || blocks === 1) mustHold(data.length <= carried(given, blocks).length, 'There are no data but the card\'s own.');
      if (!given.some((answer) => answer.at(-2) === 0x6c)) mustHold(sent.length < blocks || equalBytes(data, carried(given, blocks)), 'The data are the card\'s, in order.');
    }
    return outcomeOf(result);
  },
};

/** Requests of CTAP over APDUs, with status updates (9100). */
export const nfcctapTarget: FuzzTarget = {
  name: 'nfcctap',
  property: 'an exchange does not end with 9100, asks once more for each 9100, and sends the request twice at most',
  covers: ['native-host/transport/nfc/nfcctap.ts', 'native-host/transport/nfc/apdu.ts'],
  structures: [],
  quickRuns: 600,
  seeds: [
    [Uint8Array.of(1), Uint8Array.of(0, 0x90, 0)],
    // An aborted exchange: polling does not wait then.
    [Uint8Array.of(3), Uint8Array.of(1, 0x91, 0), Uint8Array.of(0x2d, 0x90, 0)],
    [Uint8Array.of(0), Uint8Array.of(0x69, 0x85)],
    [Uint8Array.of(1), Uint8Array.of(0x6b, 0x00), Uint8Array.of(0, 0x90, 0)],
    [Uint8Array.of(2), new Uint8Array([...new TextEncoder().encode('U2F_V2'), 0x90, 0])],
  ],
  run: async (input) => {
    const [how = new Uint8Array(), ...given] = input;
    const answers = given.slice(0, MOST_APDUS);
    const [mode = 0] = how;
    const polling = (mode & 1) !== 0;
    const abort = new AbortController();
    // Between questions there is a pause, which an abort ends: then each answer takes no time.
    abort.abort();
    let sent = 0;
    let questions = 0;
    const updates: string[] = [];
    // The second pause would be a true one: the card is gone before it.
    const result = await exchangeCtap<'gone'>(
      Uint8Array.of(0x04),
      ({ cla, p1, ins }) => {
        const answer = answers[sent];
        sent += 1;
        if (ins === 0x11) questions += 1;
        const isExpected = ins === 0x10 ? sent <= 2 && p1 === (polling && sent === 1 ? 0x80 : 0x00) : ins === 0x11 && p1 === 0x11;
        mustHold(cla === 0x80 && isExpected, 'Commands are those of NFCCTAP, and the one question after an abort is a cancel.');
        if (answer === undefined || answer.length < 2 || (questions > 0 && answer.at(-2) === 0x91)) return Promise.resolve({ ok: false, error: 'gone' });
        return Promise.resolve({ ok: true, value: { data: answer.slice(0, -2), status: ((answer.at(-2) ?? 0) << 8) | (answer.at(-1) ?? 0) } });
      },
      { polling, signals: [abort.signal], onKeepalive: (status) => updates.push(status) },
    );
    if (result.ok) mustHold(result.value.status !== 0x9100 && updates.length === questions, 'Each 9100 was followed up.');
    const [answer = new Uint8Array()] = answers;
    const version = parseAppletVersion(answer);
    return `${outcomeOf(result)} ${updates.slice(0, 2).join(' ')} ${version.ctap2} ${String(version.u2f)}`;
  },
};

/** U2F messages in the extended form, as they are passed on to cards. */
export const extendedApduTarget: FuzzTarget = {
  name: 'extended-apdu',
  property: 'a command that is read is written in the same way, but for the length of the answer',
  covers: ['native-host/transport/nfc/apdu.ts'],
  structures: [],
  seeds: [[Uint8Array.of(0, 3, 0, 0, 0, 0, 0)], [Uint8Array.of(0, 1, 3, 0, 0, 0, 2, 8, 9, 0, 0)], [Uint8Array.of(0, 3, 0, 0)]],
  run: ([apdu = new Uint8Array()]) => {
    const command = decodeExtendedApdu(apdu);
    if (command === undefined) return 'none';
    const [written = new Uint8Array()] = encodeApdus(command, { form: 'extended', protocol: 't1' });
    mustHold(equalBytes(written.subarray(0, 4), apdu.subarray(0, 4)), 'The header is the same.');
    if (command.data.length > 0) mustHold(equalBytes(written.subarray(0, -2), apdu.subarray(0, written.length - 2)), 'The data are the same.');
    return command.data.length === 0 ? 'empty' : 'data';
  },
};
