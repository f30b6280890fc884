import { describe, expect, test } from 'vitest';

import { type Bytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../../shared/bytes/hex.ts';
import type { CardAuthenticatorPort, Exchange } from '../../authenticator/exchange.ts';
import { type CardSettings, defaultSettings } from '../../authenticator/settings.ts';
import { ManualEnvironment } from '../../support/manual-environment.ts';
import { parseVpcdAddress } from '../vpcd.ts';
import { CardApplet } from './applet.ts';

/** Answers CTAP2 with the request, or when the test says so; U2F with the reversed APDU. */
class EchoKey implements CardAuthenticatorPort {
  readonly card: CardSettings;
  readonly supportsCbor = true;
  readonly supportsU2f: boolean;
  powerCycles = 0;
  exchange: Exchange | undefined;
  finish: ((response: Bytes) => void) | undefined;
  readonly #waits: boolean;

  constructor({ waits = false, u2f = true, ...card }: Partial<CardSettings> & { waits?: boolean; u2f?: boolean } = {}) {
    this.card = { ...defaultSettings('ctap2_1'), ...card };
    this.supportsU2f = u2f;
    this.#waits = waits;
  }

  call(request: Bytes, exchange: Exchange): Promise<Bytes> {
    this.exchange = exchange;
    if (!this.#waits) return Promise.resolve(request);
    return new Promise((resolve) => {
      this.finish = resolve;
      exchange.signal.addEventListener('abort', () => resolve(Uint8Array.of(0x2d)));
    });
  }

  message(apdu: Bytes): Promise<Bytes> {
    return Promise.resolve(apdu);
  }

  wink(): void {
    throw new Error('Cards do not wink.');
  }

  powerCycle(): void {
    this.powerCycles += 1;
  }
}

const SELECT = '00a4040008a0000006472f000100';

/** Sends APDUs in hexadecimal digits. */
function start(key = new EchoKey()): { readonly key: EchoKey; readonly environment: ManualEnvironment; send: (apdu: string) => Promise<string>; readonly applet: CardApplet } {
  const environment = new ManualEnvironment();
  const applet = new CardApplet(key, environment);
  const send = async (apdu: string): Promise<string> => encodeHex(await applet.transmit(copyBytes(Buffer.from(apdu, 'hex'))));
  return { key, environment, send, applet };
}

describe('the FIDO applet', () => {
  test('says what it speaks when it is selected', async () => {
    expect(await start().send(SELECT)).toBe('5532465f56329000');
    expect(await start(new EchoKey({ u2f: false })).send(SELECT)).toBe('4649444f5f325f309000');
  });

  test('knows nothing before that, after another selection, and after a power cycle', async () => {
    const { send, applet, key } = start();
    expect(await send('80100000010400')).toBe('6d00');
    await send(SELECT);
    expect(await send('80100000010400')).toBe('049000');
    expect(await send('00a4040006d27600012401')).toBe('9000');
    expect(await send('80100000010400')).toBe('6d00');
    expect(await send('00a404000301020300')).toBe('6a82');
    await send(SELECT);
    applet.reset();
    expect(key.powerCycles).toBe(1);
    expect(await send('80100000010400')).toBe('6d00');
  });

  test('joins chains, and gives long answers in pieces', async () => {
    const { send } = start(new EchoKey({ nfcMaxAnswer: 3 }));
    await send(SELECT);
    await send('00c0000000');
    expect(await send('90100000020102')).toBe('9000');
    expect(await send('901000000103')).toBe('9000');
    expect(await send('8010000002040500')).toBe('0102036102');
    expect(await send('00c0000005')).toBe('6c02');
    expect(await send('80c0000001')).toBe('046101');
    expect(await send('80c0000000')).toBe('059000');
    expect(await send('80c0000000')).toBe('6985');
  });

  test('without Le behind data the answer waits', async () => {
    const { send } = start();
    await send(SELECT);
    expect(await send('801000000104')).toBe('6101');
    expect(await send('80c0000001')).toBe('049000');
  });

  test('a chain that another command breaks into', async () => {
    const { send } = start();
    await send(SELECT);
    expect(await send('901000000101')).toBe('9000');
    expect(await send('00030000000000')).toBe('6883');
  });

  test('extended APDUs, if it takes them', async () => {
    const { send } = start();
    await send(SELECT);
    expect(await send('80100000000001040000')).toBe('049000');
    const refusing = start(new EchoKey({ nfcExtendedApdus: false }));
    await refusing.send(SELECT);
    expect(await refusing.send('80100000000001040000')).toBe('6700');
  });

  test('U2F messages are handed on in the extended form', async () => {
    const { send } = start();
    await send(SELECT);
    expect(await send('0001030002aabb00')).toBe('0001030000' + '0002aabb' + '0000');
  });

  test('says that it still works, to who wants to know', async () => {
    const { send, key, environment } = start(new EchoKey({ waits: true }));
    await send(SELECT);
    const first = send('80108000010100');
    environment.advance(60);
    expect(await first).toBe('019100');
    key.exchange?.keepalive('userPresenceNeeded');
    const second = send('8011000000');
    environment.advance(60);
    expect(await second).toBe('029100');
    key.finish?.(Uint8Array.of(0, 7));
    expect(await send('8011000000')).toBe('00079000');
    expect(await send('8011000000')).toBe('6985');
  });

  test('is cancelled', async () => {
    const { send, environment } = start(new EchoKey({ waits: true }));
    await send(SELECT);
    const first = send('80108000010100');
    environment.advance(60);
    await first;
    expect(await send('8011110000')).toBe('2d9000');
  });

  test.each(['', '80', '801000', '8010000003aabb', '801000000200'])('"%s" has lengths that do not fit', async (apdu) => {
    expect(await start().send(apdu)).toBe('6700');
  });
});

test.each([
  ['127.0.0.1:35963', { host: '127.0.0.1', port: 35_963 }],
  ['/run/reader.sock', { path: '/run/reader.sock' }],
  ['127.0.0.1', undefined],
  ['127.0.0.1:70000', undefined],
])('"%s" as a reader', (text, expected) => {
  expect(parseVpcdAddress(text)).toEqual(expected);
});
