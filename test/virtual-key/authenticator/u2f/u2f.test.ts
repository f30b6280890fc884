import { createPublicKey, verify, X509Certificate } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import { sha256 } from '../../support/pin-platform.ts';
import { Platform, RP_ID, texts } from '../../support/platform.ts';

const CHALLENGE: Bytes = new Uint8Array(32).fill(0xaa);
const APPLICATION: Bytes = new Uint8Array(32).fill(0xbb);

function apdu(ins: number, p1: number, data: Uint8Array, cla = 0): Bytes {
  return concatBytes(Uint8Array.of(cla, ins, p1, 0, 0, data.length >> 8, data.length & 0xff), data, new Uint8Array(2));
}

interface Reply {
  readonly data: Bytes;
  readonly sw: number;
}

async function send(platform: Platform, command: Bytes): Promise<Reply> {
  const response = await platform.authenticator.message(command);
  return { data: response.slice(0, -2), sw: ((response.at(-2) ?? 0) << 8) | (response.at(-1) ?? 0) };
}

interface Registration {
  readonly point: Bytes;
  readonly keyHandle: Bytes;
  readonly certificate: X509Certificate;
  readonly signature: Bytes;
}

function parseRegistration(data: Bytes): Registration {
  expect(data[0]).toBe(5);
  const keyHandleLength = data[66] ?? 0;
  const rest = data.slice(67 + keyHandleLength);
  // The certificate says itself how long it is: here always with a two-byte length.
  expect(rest[1]).toBe(0x82);
  const certificateLength = 4 + (((rest[2] ?? 0) << 8) | (rest[3] ?? 0));
  return {
    point: data.slice(1, 66),
    keyHandle: data.slice(67, 67 + keyHandleLength),
    certificate: new X509Certificate(rest.slice(0, certificateLength)),
    signature: rest.slice(certificateLength),
  };
}

function authenticateCommand(p1: number, keyHandle: Bytes, application: Bytes = APPLICATION): Bytes {
  return apdu(2, p1, concatBytes(CHALLENGE, application, Uint8Array.of(keyHandle.length), keyHandle));
}

async function register(platform: Platform): Promise<Registration> {
  const { data, sw } = await send(platform, apdu(1, 0, concatBytes(CHALLENGE, APPLICATION)));
  expect(sw).toBe(0x9000);
  return parseRegistration(data);
}

describe.each(['ctap1/u2f', 'ctap2_1'] as const)('U2F on a key with %s', (protocol) => {
  test('registers', async () => {
    const { point, keyHandle, certificate, signature } = await register(new Platform(protocol));
    const signed = concatBytes(Uint8Array.of(0), APPLICATION, CHALLENGE, keyHandle, point);
    expect(verify('sha256', signed, certificate.publicKey, signature)).toBe(true);
  });

  test('authenticates, with and without presence, and counts', async () => {
    const platform = new Platform(protocol);
    const { point, keyHandle } = await register(platform);
    const jwk = { kty: 'EC', crv: 'P-256', x: encodeBase64url(point.slice(1, 33)), y: encodeBase64url(point.slice(33)) };
    const publicKey = createPublicKey({ format: 'jwk', key: jwk });
    for (const [p1, presence, count] of [[3, 1, 1], [8, 0, 2]] as const) {
      const { data, sw } = await send(platform, authenticateCommand(p1, keyHandle));
      expect(sw).toBe(0x9000);
      expect([...data.slice(0, 5)]).toEqual([presence, 0, 0, 0, count]);
      const signed = concatBytes(APPLICATION, data.slice(0, 5), CHALLENGE);
      expect(verify('sha256', signed, publicKey, data.slice(5))).toBe(true);
    }
  });
});

describe('U2F', () => {
  test('version', async () => {
    expect(await send(new Platform(), apdu(3, 0, new Uint8Array()))).toEqual({ data: encodeUtf8('U2F_V2'), sw: 0x9000 });
    expect(await send(new Platform(), Uint8Array.of(0, 3, 0, 0))).toEqual({ data: encodeUtf8('U2F_V2'), sw: 0x9000 });
  });

  test('check-only tells own key handles from others, without a touch', async () => {
    const platform = new Platform();
    const { keyHandle } = await register(platform);
    platform.authenticator.configure({ touch: { mode: 'never' } });
    expect((await send(platform, authenticateCommand(7, keyHandle))).sw).toBe(0x6985);
    expect((await send(platform, authenticateCommand(7, new Uint8Array(32)))).sw).toBe(0x6a80);
    expect((await send(platform, authenticateCommand(7, keyHandle, CHALLENGE))).sw).toBe(0x6a80);
  });

  test('a touch is polled for and counts once', async () => {
    const platform = new Platform('ctap1/u2f', { touch: { mode: 'manual' } });
    const command = apdu(1, 0, concatBytes(CHALLENGE, APPLICATION));
    expect((await send(platform, command)).sw).toBe(0x6985);
    expect(platform.authenticator.waitingForTouch).toBe(true);
    expect(platform.authenticator.touch()).toBe(true);
    expect((await send(platform, command)).sw).toBe(0x9000);
    expect(platform.authenticator.waitingForTouch).toBe(false);
    expect((await send(platform, command)).sw).toBe(0x6985);
    platform.environment.advance(2000);
    expect(platform.authenticator.waitingForTouch).toBe(false);
  });

  test('a touch is forgotten after ten seconds', async () => {
    const platform = new Platform('ctap1/u2f', { touch: { mode: 'manual' } });
    expect(platform.authenticator.touch()).toBe(false);
    platform.environment.advance(10_000);
    expect((await send(platform, apdu(1, 0, concatBytes(CHALLENGE, APPLICATION)))).sw).toBe(0x6985);
  });

  test('a delayed touch comes while the platform polls', async () => {
    const platform = new Platform('ctap1/u2f', { touch: { mode: 'delay', ms: 500 } });
    const command = apdu(1, 0, concatBytes(CHALLENGE, APPLICATION));
    expect((await send(platform, command)).sw).toBe(0x6985);
    platform.environment.advance(499);
    expect((await send(platform, command)).sw).toBe(0x6985);
    platform.environment.advance(1);
    expect((await send(platform, command)).sw).toBe(0x9000);
  });

  test('credentials of U2F work in CTAP2 and the other way round', async () => {
    const platform = new Platform();
    const application = await sha256(encodeUtf8(RP_ID));
    const { data } = await send(platform, apdu(1, 0, concatBytes(CHALLENGE, application)));
    const { keyHandle } = parseRegistration(data);
    const allowList = [texts({ id: keyHandle, type: 'public-key' })];
    expect((await platform.getAssertion({ 3: allowList })).status).toBe(0);
    const id = await platform.register();
    expect((await send(platform, authenticateCommand(3, id, application))).sw).toBe(0x9000);
    const hidden = await platform.register({ 6: texts({ credProtect: 3 }) });
    expect((await send(platform, authenticateCommand(3, hidden, application))).sw).toBe(0x6a80);
  });

  test.each([
    ['another class', apdu(3, 0, new Uint8Array(), 0x80), 0x6e00],
    ['another instruction', apdu(9, 0, new Uint8Array()), 0x6d00],
    ['a version request with data', apdu(3, 0, new Uint8Array(1)), 0x6700],
    ['a registration that is too short', apdu(1, 0, new Uint8Array(63)), 0x6700],
    ['a key handle shorter than it says', apdu(2, 3, concatBytes(new Uint8Array(64), Uint8Array.of(10), new Uint8Array(9))), 0x6700],
    ['nothing', new Uint8Array(), 0x6700],
    ['half a header', Uint8Array.of(0, 3), 0x6700],
    ['a length beyond the end', Uint8Array.of(0, 1, 0, 0, 0, 1, 0, 5), 0x6700],
  ])('%s', async (_name, command, expected) => {
    expect((await send(new Platform(), command)).sw).toBe(expected);
  });

  test('an unknown control byte', async () => {
    const platform = new Platform();
    const { keyHandle } = await register(platform);
    expect((await send(platform, authenticateCommand(5, keyHandle))).sw).toBe(0x6a80);
  });
});
