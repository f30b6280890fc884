import { describe, expect, test } from 'vitest';

import type { CommandApdu, ResponseApdu } from '../../../../native-host/transport/nfc/apdu.ts';
import { exchangeCtap, parseAppletVersion } from '../../../../native-host/transport/nfc/nfcctap.ts';
import { isLeftToUsb } from '../../../../native-host/transport/nfc/security-key-readers.ts';
import { encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../../shared/bytes/result.ts';

const REQUEST = Uint8Array.of(0x01, 0xa0);

/** Gives the responses in turn and keeps the commands. */
function card(...responses: readonly (readonly [number, readonly number[]])[]): {
  readonly commands: CommandApdu[];
  readonly exchange: (command: CommandApdu) => Promise<Result<ResponseApdu, string>>;
} {
  const commands: CommandApdu[] = [];
  return {
    commands,
    exchange(command) {
      commands.push(command);
      const [status, data] = responses[commands.length - 1] ?? [0x6f00, []];
      return Promise.resolve(success({ status, data: Uint8Array.from(data) }));
    },
  };
}

function headers(commands: readonly CommandApdu[]): readonly (readonly number[])[] {
  return commands.map(({ cla, ins, p1 }) => [cla, ins, p1]);
}

describe('NFCCTAP_MSG', () => {
  test('answered at once', async () => {
    const { commands, exchange } = card([0x9000, [0, 0xa0]]);
    const options = { polling: true, signals: [], onKeepalive: () => undefined };
    expect(await exchangeCtap(REQUEST, exchange, options)).toEqual(success({ status: 0x9000, data: Uint8Array.of(0, 0xa0) }));
    expect(commands).toEqual([{ cla: 0x80, ins: 0x10, p1: 0x80, p2: 0, data: REQUEST }]);
  });

  test('without status updates the card is told so', async () => {
    const { commands, exchange } = card([0x9000, [0]]);
    await exchangeCtap(REQUEST, exchange, { polling: false, signals: [], onKeepalive: () => undefined });
    expect(headers(commands)).toEqual([[0x80, 0x10, 0x00]]);
  });

  test.each([0x6a86, 0x6b00])('a card that refuses to be asked how far it is (%s) is not', async (refusal) => {
    const { commands, exchange } = card([refusal, []], [0x9000, [0]]);
    const response = await exchangeCtap(REQUEST, exchange, { polling: true, signals: [], onKeepalive: () => undefined });
    expect(response).toMatchObject({ ok: true, value: { status: 0x9000 } });
    expect(headers(commands)).toEqual([[0x80, 0x10, 0x80], [0x80, 0x10, 0x00]]);
  });

  test('status updates are passed on, and the answer is fetched', async () => {
    const { commands, exchange } = card([0x9100, [1]], [0x9100, [2]], [0x9100, []], [0x9000, [0]]);
    const told: string[] = [];
    await exchangeCtap(REQUEST, exchange, { polling: true, signals: [], onKeepalive: (status) => told.push(status) });
    expect(told).toEqual(['processing', 'userPresenceNeeded', 'processing']);
    expect(headers(commands).slice(1)).toEqual([[0x80, 0x11, 0], [0x80, 0x11, 0], [0x80, 0x11, 0]]);
  });

  test('a cancel is sent once, and its answer counts', async () => {
    const { commands, exchange } = card([0x9100, [2]], [0x9100, [2]], [0x9000, [0x2d]]);
    const abort = new AbortController();
    const response = await exchangeCtap(REQUEST, exchange, {
      polling: true,
      signals: [abort.signal],
      onKeepalive: () => abort.abort(),
    });
    expect(response.ok && response.value.data).toEqual(Uint8Array.of(0x2d));
    expect(headers(commands).slice(1)).toEqual([[0x80, 0x11, 0x11], [0x80, 0x11, 0x00]]);
  });
});

test.each([
  ['U2F_V2', { ctap2: 'unclear', u2f: true }],
  ['FIDO_2_0', { ctap2: 'yes', u2f: false }],
  ['FIDO_2_1', { ctap2: 'yes', u2f: false }],
  ['', { ctap2: 'unclear', u2f: false }],
])('the applet that answers "%s"', (text, expected) => {
  expect(parseAppletVersion(encodeUtf8(text))).toEqual(expected);
});

const YUBIKEY = 'Yubico YubiKey OTP+FIDO+CCID 00 00';

test.each([
  [YUBIKEY, ['YubiKey OTP+FIDO+CCID'], true],
  ['Nitrokey Nitrokey 3 [CCID/ICCD Interface] 01 00', ['FIDO2', 'Nitrokey 3'], true],
  ['SoloKeys Solo 2 [CCID/ICCD Interface] 00 00', ['Solo 2'], true],
  // Its card side may work, and nothing else can be used.
  [YUBIKEY, [], false],
  [YUBIKEY, ['Nitrokey 3'], false],
  // They speak FIDO over PC/SC as well.
  ['canokeys.org OpenPGP PIV OATH 00 00', ['CanoKey'], false],
  ['Pol Henarejos Pico Key 00 00', ['Pico Key'], false],
  ['TOKEN2 FIDO2 Security Key 00 00', ['FIDO2 Security Key'], false],
  ['ACS ACR122U PICC Interface 00 00', ['YubiKey OTP+FIDO+CCID'], false],
  ['Virtual PCD 00 00', ['YubiKey FIDO'], false],
])('the reader "%s", with %j over USB, is left alone: %s', (reader, usbKeys, expected) => {
  expect(isLeftToUsb(reader, usbKeys)).toBe(expected);
});
