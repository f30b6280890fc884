import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type ApduFormat,
  type CommandApdu,
  decodeExtendedApdu,
  encodeApdus,
  exchangeApdu,
  parseResponse,
  type Transmit,
} from '../../../../native-host/transport/nfc/apdu.ts';
import { encodeU2fRequest } from '../../../../native-host/u2f/message.ts';
import { type Bytes, concatBytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../../shared/bytes/hex.ts';

const SHORT: ApduFormat = { form: 'short', protocol: 't1' };
const T0: ApduFormat = { form: 'short', protocol: 't0' };
const EXTENDED: ApduFormat = { form: 'extended', protocol: 't1' };

function command(data: Uint8Array, cla = 0x80): CommandApdu {
  return { cla, ins: 0x10, p1: 0x00, p2: 0x00, data: copyBytes(data) };
}

function hexes(apdus: readonly Bytes[]): readonly string[] {
  return apdus.map(encodeHex);
}

/** Answers with the given APDUs in turn, and keeps what it was sent. */
function script(...answers: readonly string[]): { readonly transmit: Transmit<never>; readonly sent: string[] } {
  const sent: string[] = [];
  const transmit: Transmit<never> = (apdu) => {
    sent.push(encodeHex(apdu));
    const answer = answers[sent.length - 1];
    if (answer === undefined) throw new Error(`More than was expected: ${encodeHex(apdu)}`);
    return Promise.resolve({ ok: true, value: copyBytes(Buffer.from(answer, 'hex')) });
  };
  return { transmit, sent };
}

describe('encoding', () => {
  test.each([
    ['without data', SHORT, new Uint8Array(), ['8010000000']],
    ['one block', SHORT, Uint8Array.of(4), ['80100000010400']],
    ['T=0 has no Le behind data', T0, Uint8Array.of(4), ['801000000104']],
    ['T=0 without data', T0, new Uint8Array(), ['8010000000']],
    ['extended', EXTENDED, Uint8Array.of(4), ['80100000000001040000']],
    ['extended without data', EXTENDED, new Uint8Array(), ['80100000000000']],
  ] as const)('%s', (_name, format, data, expected) => {
    expect(hexes(encodeApdus(command(data), format))).toEqual(expected);
  });

  test('only the last block of a chain asks for an answer', () => {
    const blocks = encodeApdus(command(new Uint8Array(500)), SHORT);
    expect(blocks.map((block) => [block[0], block[4], block.length])).toEqual([
      [0x90, 240, 245],
      [0x90, 240, 245],
      [0x80, 20, 26],
    ]);
  });

  test('a chain has no empty block at its end', () => {
    expect(encodeApdus(command(new Uint8Array(480)), SHORT).map((block) => block[4])).toEqual([240, 240]);
  });

  test('there is no extended form for T=0', () => {
    expect(encodeApdus(command(new Uint8Array(500)), { form: 'extended', protocol: 't0' })).toHaveLength(3);
  });
});

describe('U2F messages', () => {
  test('are read as they are built', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 255 }), (data, p1) => {
        expect(decodeExtendedApdu(encodeU2fRequest('authenticate', p1, data))).toEqual({ cla: 0, ins: 2, p1, p2: 0, data: copyBytes(data) });
      }),
    );
  });

  test.each(['', '0003', '000300000000', '00030000000005aabb', '0003000001aa', '000300000000010203040506'])('"%s" is none', (text) => {
    expect(decodeExtendedApdu(copyBytes(Buffer.from(text, 'hex')))).toBeUndefined();
  });
});

describe('exchange', () => {
  test('61xx: the rest is fetched with the same class', async () => {
    const { transmit, sent } = script('aabb6102', 'ccdd9000');
    const response = await exchangeApdu(command(Uint8Array.of(4)), SHORT, transmit);
    expect(response).toEqual({ ok: true, value: { data: Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd), status: 0x9000 } });
    expect(sent).toEqual(['80100000010400', '80c0000002']);
  });

  test('61xx without data, and a GET RESPONSE with another length than told', async () => {
    const { transmit, sent } = script('6100', '6c03', 'aabbcc9000');
    const response = await exchangeApdu(command(Uint8Array.of(4), 0x00), SHORT, transmit);
    expect(response.ok && response.value.data).toHaveLength(3);
    expect(sent.slice(1)).toEqual(['00c0000000', '00c0000003']);
  });

  test.each(['6e00', '6d00'])('61xx of a card that knows GET RESPONSE in class 00 only (%s)', async (refusal) => {
    const { transmit, sent } = script('aa6102', refusal, 'bb6101', 'cc9000');
    const response = await exchangeApdu(command(Uint8Array.of(4)), SHORT, transmit);
    expect(response).toEqual({ ok: true, value: { data: Uint8Array.of(0xaa, 0xbb, 0xcc), status: 0x9000 } });
    expect(sent.slice(1)).toEqual(['80c0000002', '00c0000002', '00c0000001']);
    const refused = script('aa6102', refusal, refusal);
    expect(await exchangeApdu(command(Uint8Array.of(4)), SHORT, refused.transmit)).toMatchObject({ ok: true, value: { status: Number(`0x${refusal}`) } });
  });

  test('6Cxx: the last block again, with the right length', async () => {
    const { transmit, sent } = script('9000', '6c05', '01020304059000');
    const response = await exchangeApdu(command(new Uint8Array(241)), SHORT, transmit);
    expect(response.ok && response.value.data).toHaveLength(5);
    expect(sent.slice(1)).toEqual(['80100000010000', '80100000010005']);
  });

  test('a block of a chain that is refused ends it', async () => {
    const { transmit, sent } = script('6700');
    const response = await exchangeApdu(command(new Uint8Array(1000)), SHORT, transmit);
    expect(response).toMatchObject({ ok: true, value: { status: 0x6700 } });
    expect(sent).toHaveLength(1);
  });

  test.each(['6884', '6883'])('a card that knows no chains (%s) gets the extended form', async (refusal) => {
    const { transmit, sent } = script(refusal, 'aa9000');
    const response = await exchangeApdu(command(new Uint8Array(300)), SHORT, transmit);
    expect(response).toEqual({ ok: true, value: { data: Uint8Array.of(0xaa), status: 0x9000 } });
    expect(sent[1]?.slice(0, 14)).toBe('8010000000012c');
  });

  test('a card that refuses the extended form gets the short one; for T=0 there is no other', async () => {
    const { transmit, sent } = script('6700', 'aa9000');
    expect(await exchangeApdu(command(Uint8Array.of(4)), EXTENDED, transmit)).toMatchObject({ ok: true, value: { status: 0x9000 } });
    expect(sent).toEqual(['80100000000001040000', '80100000010400']);
    const chain = script('6884');
    expect(await exchangeApdu(command(new Uint8Array(300)), T0, chain.transmit)).toMatchObject({ ok: true, value: { status: 0x6884 } });
  });

  test('an answer without a status word breaks the rules', async () => {
    expect(await exchangeApdu(command(new Uint8Array()), SHORT, script('90').transmit)).toMatchObject({ ok: false });
    expect(parseResponse(new Uint8Array())).toMatchObject({ ok: false, error: { kind: 'apdu' } });
  });

  test('a card that always has more to give comes to an end', async () => {
    let sent = 0;
    const endless: Transmit<never> = () => {
      sent += 1;
      return Promise.resolve({ ok: true, value: Uint8Array.of(0x61, 0x01) });
    };
    expect(await exchangeApdu(command(new Uint8Array()), SHORT, endless)).toMatchObject({ ok: false, error: { kind: 'apdu' } });
    expect(sent).toBeLessThan(2000);
  });

  test('a failure below is passed on', async () => {
    const failing: Transmit<string> = () => Promise.resolve({ ok: false, error: 'gone' });
    expect(await exchangeApdu(command(new Uint8Array(600)), SHORT, failing)).toEqual({ ok: false, error: 'gone' });
  });

  test('whatever is sent arrives whole, and whatever is answered comes back whole', async () => {
    const format = fc.constantFrom<ApduFormat>(SHORT, T0, EXTENDED);
    // Up to the longest message over HID, with the lengths at which blocks, short and extended forms begin and end.
    const lengths = fc.oneof(fc.nat(1500), fc.constantFrom(0, 1, 239, 240, 241, 255, 256, 257, 480, 481, 7608, 7609));
    const messages = fc.tuple(lengths, fc.nat(255)).map(([length, first]) => Uint8Array.from({ length }, (_, index) => (first + index * 7) & 0xff));
    const property = fc.asyncProperty(
      messages,
      messages,
      fc.integer({ min: 1, max: 256 }),
      format,
      async (data, answer, pieces, how) => {
        // A card that gives a few bytes at a time is given up before a long answer is whole.
        const card = new Card(copyBytes(answer), Math.max(pieces, Math.ceil(answer.length / 1000)));
        const response = await exchangeApdu(command(data), how, (apdu) => Promise.resolve({ ok: true, value: card.transmit(apdu) }));
        expect(card.received).toEqual(copyBytes(data));
        expect(response).toEqual({ ok: true, value: { data: copyBytes(answer), status: 0x9000 } });
      },
    );
    await fc.assert(property);
  });

  test('no answer makes it throw', async () => {
    const answers = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    const property = fc.asyncProperty(answers, fc.uint8Array({ maxLength: 600 }), async (given, data) => {
      const left = [...given];
      const transmit: Transmit<string> = () => {
        const next = left.shift();
        return Promise.resolve(next === undefined ? { ok: false, error: 'gone' } : { ok: true, value: copyBytes(next) });
      };
      const response = await exchangeApdu(command(data), SHORT, transmit);
      if (response.ok) expect(response.value.status >> 8).not.toBe(0x61);
    });
    await fc.assert(property);
  });
});

/** The other side, as simple as can be: joins chains, gives its answer in pieces. */
class Card {
  received: Bytes = new Uint8Array();
  #rest: Bytes;
  readonly #pieces: number;

  constructor(answer: Bytes, pieces: number) {
    this.#rest = answer;
    this.#pieces = pieces;
  }

  transmit(apdu: Bytes): Bytes {
    const [cla = 0, ins = 0] = apdu;
    if (ins === 0xc0) {
      const expected = apdu[4] === 0 ? 256 : (apdu[4] ?? 0);
      expect(expected).toBeLessThanOrEqual(Math.max(this.#rest.length, 256));
      return this.#give(expected);
    }
    const extended = apdu.length > 6 && apdu[4] === 0;
    const length = extended ? ((apdu[5] ?? 0) << 8) | (apdu[6] ?? 0) : apdu.length > 5 ? (apdu[4] ?? 0) : 0;
    const start = extended ? 7 : 5;
    this.received = concatBytes(this.received, apdu.slice(start, start + length));
    if ((cla & 0x10) !== 0) return Uint8Array.of(0x90, 0x00);
    return this.#give(extended ? 65_536 : 256);
  }

  #give(expected: number): Bytes {
    const part = this.#rest.slice(0, Math.min(expected, this.#pieces));
    this.#rest = this.#rest.slice(part.length);
    const more = this.#rest.length;
    return concatBytes(part, more > 0 ? Uint8Array.of(0x61, more > 255 ? 0 : more) : Uint8Array.of(0x90, 0x00));
  }
}
