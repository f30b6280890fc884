import { randomBytes } from 'node:crypto';

import type { WebAuthnCredential } from '@simplewebauthn/server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { AuthenticatorConfig, Knobs } from '../../virtual-key/client.ts';
import { type Ceremony, CeremonyFixture, resultOf, verifyAuthentication, verifyRegistration } from './fixture.ts';

type AnyCeremony = Ceremony<'registration.start'> | Ceremony<'authentication.start'>;

const PIN = '4711';
const SILENT = { userVerification: 'discouraged', residentKey: 'discouraged' } as const;

function unknownIds(count: number, length = 32): { id: string }[] {
  return Array.from({ length: count }, () => ({ id: randomBytes(length).toString('base64url') }));
}

/** Old, small, new and strange keys; on the real host process against a virtual key. */
describe('keys of all ages', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  async function enterPin(ceremony: AnyCeremony): Promise<void> {
    await ceremony.state('needsPin');
    await ceremony.submitPin(PIN);
  }

  async function registerWithPin(overrides: Parameters<CeremonyFixture['register']>[0] = {}): Promise<WebAuthnCredential> {
    const registration = fixture.register({ userVerification: 'required', ...overrides });
    await enterPin(registration);
    return verifyRegistration(registration, { userVerified: true });
  }

  async function signInWithPin(
    credential: WebAuthnCredential,
    overrides: Parameters<CeremonyFixture['authenticate']>[0] = {},
  ): Promise<void> {
    const signIn = fixture.authenticate({ userVerification: 'required', allowCredentials: [{ id: credential.id }], ...overrides });
    await enterPin(signIn);
    await verifyAuthentication(signIn, credential, { userVerified: true });
  }

  async function commandsOf(key: string): Promise<readonly string[]> {
    return (await fixture.keys.client.state(key)).log.map(({ command }) => command);
  }

  describe('old', () => {
    test.each([
      ['CTAP 2.0', 'ctap2', {}],
      ['CTAP 2.0 with previews', 'ctap2', { credentialManagement: 'preview', bioEnrollment: 'preview' }],
      ['CTAP 2.1 with protocol one only', 'ctap2_1', { pinUvAuthProtocols: [1] }],
      ['CTAP 2.1 without authenticatorSelection', 'ctap2_1', { selection: false }],
    ] as const satisfies readonly (readonly [string, AuthenticatorConfig['protocol'], Knobs])[])(
      '%s: long lists behind the PIN, and prf',
      async (_name, protocol, knobs) => {
        await fixture.plug({ pin: PIN, ...knobs }, protocol);
        const credential = await registerWithPin({ extensions: { prf: {} } });
        const salts = { first: encodeBase64url(randomBytes(32)) };
        await signInWithPin(credential, {
          allowCredentials: [...unknownIds(20), { id: credential.id }],
          extensions: { prf: { salts, byCredential: [] } },
        });
        const again = fixture.register({ excludeCredentials: [...unknownIds(20), { id: credential.id }] });
        await enterPin(again);
        expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
      },
    );

    test.each(['ctap2', 'ctap2_1'] as const)('%s: a sensor and no PIN at all', async (protocol) => {
      const key = await fixture.plug({ builtInUv: true, clientPin: false }, protocol);
      const registration = fixture.register({ userVerification: 'required', residentKey: 'required' });
      const credential = await verifyRegistration(registration, { userVerified: true });
      const signIn = fixture.authenticate({ userVerification: 'required' });
      await verifyAuthentication(signIn, credential, { userVerified: true });
      const usesTokens = (await commandsOf(key)).some((command) => command === 'clientPin.getPinUvAuthTokenUsingUv');
      expect(usesTokens).toBe(protocol === 'ctap2_1');
    });

    test('CTAP 2.0: a sensor beside a PIN verifies with the option uv', async () => {
      const key = await fixture.plug({ builtInUv: true, pin: PIN }, 'ctap2');
      const registration = fixture.register({ userVerification: 'required' });
      await verifyRegistration(registration, { userVerified: true });
      expect(await commandsOf(key)).not.toContain('clientPin.getPinToken');
    });

    test('a key that makes nothing without its PIN is asked for it, although neither it nor the site said so', async () => {
      await fixture.plug({ pin: PIN, refusals: [{ command: 'makeCredential', status: 0x36, times: 1 }] });
      const registration = fixture.register(SILENT);
      await enterPin(registration);
      await verifyRegistration(registration, { userVerified: true });
    });
  });

  describe('without CTAP2 worth the name', () => {
    test.each(['ctap2', 'ctap2_1'] as const)('%s, no PIN: that nothing matches is told after a touch only', async (protocol) => {
      const key = await fixture.plug({ clientPin: false, selection: false, touch: { mode: 'manual' } }, protocol);
      const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials: unknownIds(2) });
      await signIn.state('needsPresence');
      await fixture.keys.client.touch(key);
      expect(await signIn.outcome).toEqual({ reason: 'noCredentials' });
    });

    test.each([0x01, 0x7f, 0x12, 0xf1])('getInfo is refused with %s: the key is used by U2F', async (status) => {
      const key = await fixture.plug({ refusals: [{ command: 'getInfo', status }] }, 'ctap2');
      const registration = fixture.register(SILENT);
      const credential = await verifyRegistration(registration, { userVerified: false });
      const signIn = fixture.authenticate({ ...SILENT, allowCredentials: [...unknownIds(1), { id: credential.id }] });
      await verifyAuthentication(signIn, credential, { userVerified: false });
      expect(await commandsOf(key)).toContain('u2f.register');
    });
  });

  describe('small', () => {
    const SMALL: Knobs = { maxDiscoverableCredentials: 8, credentialIdLength: 70, maxCredentialIdLength: 70, maxCredentialCountInList: 3, maxMsgSize: 1024 };

    test('eight credentials of 70 bytes, single-use tokens: each is found, excluded, and the ninth has no place', async () => {
      const key = await fixture.plug({ pin: PIN, tokenLife: 'oneUse', ...SMALL });
      const credentials: WebAuthnCredential[] = [];
      for (let index = 0; index < 8; index += 1) {
        const excludeCredentials = [...unknownIds(12, 70), ...unknownIds(2, 300)];
        credentials.push(await registerWithPin({ residentKey: 'required', excludeCredentials }));
      }
      const ninth = fixture.register({ residentKey: 'required' });
      await enterPin(ninth);
      expect(await ninth.outcome).toEqual({ reason: 'keyStoreFull' });
      const [first, last] = [credentials[0], credentials[7]];
      if (first === undefined || last === undefined) throw new Error('unreachable');
      const list = [...unknownIds(25, 70), { id: last.id }];
      await signInWithPin(last, { allowCredentials: list });
      const again = fixture.register({ excludeCredentials: [...unknownIds(11, 70), { id: first.id }] });
      await enterPin(again);
      expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
      expect((await fixture.keys.client.state(key)).pinRetries).toBe(8);
    });

    test('long names, prf and an exclude list against a small message: nothing is sent that is too long', async () => {
      const key = await fixture.plug({ ...SMALL, maxCredentialCountInList: 20, credentialIdLength: 70, extensions: ['hmac-secret', 'hmac-secret-mc', 'credBlob', 'credProtect'] });
      const name = 'x'.repeat(64);
      const registration = fixture.register({
        ...SILENT,
        rp: { id: 'example.org', name },
        user: { id: encodeBase64url(new Uint8Array(64)), name, displayName: name },
        excludeCredentials: unknownIds(6, 70),
        extensions: { prf: { salts: { first: encodeBase64url(randomBytes(32)), second: encodeBase64url(randomBytes(32)) } } },
      });
      await verifyRegistration(registration, { userVerified: false });
      expect((await fixture.keys.client.state(key)).log.map(({ status }) => status).filter((status) => status !== 0 && status !== 0x2e)).toEqual([]);
    });

    test('long ids against a small message: the batches fit', async () => {
      const key = await fixture.plug({ ...SMALL, maxCredentialCountInList: 20, credentialIdLength: 200, maxCredentialIdLength: 200 });
      const credential = await verifyRegistration(fixture.register(SILENT), { userVerified: false });
      const allowCredentials = [...unknownIds(15, 200), { id: credential.id }];
      const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials });
      await verifyAuthentication(signIn, credential, { userVerified: false });
      expect((await fixture.keys.client.state(key)).log.every(({ status }) => status === 0 || status === 0x2e)).toBe(true);
    });

    test.each([
      ['invalidCredential', 0x22],
      ['noCredentials', 0x2e],
    ])('%s to a silent question means no', async (_name, status) => {
      const key = await fixture.plug({ maxCredentialCountInList: 2 });
      const credential = await verifyRegistration(fixture.register(SILENT), { userVerified: false });
      await fixture.keys.client.configure(key, { refusals: [{ command: 'getAssertion', status, times: 2, silent: true }] });
      const allowCredentials = [...unknownIds(5), { id: credential.id }];
      const signIn = fixture.authenticate({ userVerification: 'discouraged', allowCredentials });
      await verifyAuthentication(signIn, credential, { userVerified: false });
    });
  });

  describe('new', () => {
    test.each(['ctap2_2', 'ctap2_3'] as const)('%s: registration with prf values, and sign-in', async (protocol) => {
      await fixture.plug({ pin: PIN, unknownInfo: true }, protocol);
      const salts = { first: encodeBase64url(randomBytes(32)) };
      const registration = fixture.register({ residentKey: 'required', extensions: { prf: { salts } } });
      await enterPin(registration);
      const credential = await verifyRegistration(registration, { userVerified: true });
      const made = (await resultOf(registration)).extensions?.prf;
      const signIn = fixture.authenticate({ extensions: { prf: { salts, byCredential: [] } } });
      await enterPin(signIn);
      await verifyAuthentication(signIn, credential, { userVerified: true });
      expect((await resultOf(signIn)).extensions?.prf).toEqual(made);
      expect(made?.first).toHaveLength(43);
    });

    test.each([
      [['tpm', 'none', 'packed'], 'none'],
      [['packed', 'none'], 'packed'],
      [['android-key'], 'packed'],
    ])('of the attestation formats %j the key gives %s', async (attestationFormats, format) => {
      await fixture.plug({}, 'ctap2_2');
      const made = fixture.register({ ...SILENT, attestationFormats });
      await verifyRegistration(made, { userVerified: false });
      const { attestationObject } = await resultOf(made);
      expect(Buffer.from(attestationObject, 'base64url').includes(format)).toBe(true);
    });

    test('getInfo with much that is unknown changes nothing', async () => {
      await fixture.plug({ unknownInfo: true });
      const credential = await verifyRegistration(fixture.register({ residentKey: 'required' }), { userVerified: false });
      await verifyAuthentication(fixture.authenticate(), credential, { userVerified: false });
    });

    test('a new PIN that is longer than the key takes never reaches it, and one that is too simple is asked for again', async () => {
      const key = await fixture.plug({ maxPinLength: 8, pinComplexityPolicy: true }, 'ctap2_2');
      const registration = fixture.register({ userVerification: 'required' });
      await registration.state('needsNewPin');
      await registration.submitNewPin('123456789');
      expect(await registration.state('needsNewPin')).toMatchObject({ problem: 'tooLong' });
      expect(await commandsOf(key)).not.toContain('clientPin.setPin');
      await registration.submitNewPin('1111');
      expect(await registration.state('needsNewPin')).toMatchObject({ problem: 'policy' });
      await registration.submitNewPin(PIN);
      await verifyRegistration(registration, { userVerified: true });
    });
  });

  test('prf before and after the first PIN: another value, and the signed flag of user verification tells which', async () => {
    const key = await fixture.plug();
    const salts = { first: encodeBase64url(randomBytes(32)) };
    const extensions = { prf: { salts, byCredential: [] } };
    const registration = fixture.register({ residentKey: 'required', extensions: { prf: {} } });
    const credential = await verifyRegistration(registration, { userVerified: false });
    const before = fixture.authenticate({ userVerification: 'discouraged', extensions });
    await verifyAuthentication(before, credential, { userVerified: false });
    await fixture.keys.client.configure(key, { pin: PIN });
    const after = fixture.authenticate({ userVerification: 'discouraged', extensions });
    await enterPin(after);
    await verifyAuthentication(after, credential, { userVerified: true });
    const values = [(await resultOf(before)).extensions?.prf?.first, (await resultOf(after)).extensions?.prf?.first];
    expect(new Set([...values, undefined]).size).toBe(3);
  });

  describe('strange', () => {
    test.each([0x7f, 0xdf, 0xf3, 0x0c])('status %s, known or not, ends the ceremony with a reason, and the next one works', async (status) => {
      await fixture.plug({ refusals: [{ command: 'makeCredential', status, times: 1 }] });
      expect(await fixture.register(SILENT).outcome).toEqual({ reason: 'deviceError' });
      await verifyRegistration(fixture.register(SILENT), { userVerified: false });
    });

    test('an assertion that needs the PIN although nothing said so gets it', async () => {
      const key = await fixture.plug({ pin: PIN });
      const credential = await registerWithPin();
      await fixture.keys.client.configure(key, { refusals: [{ command: 'getAssertion', status: 0x36, times: 1 }] });
      await signInWithPin(credential, { userVerification: 'discouraged' });
    });

    test('names that are cut inside a character, two accounts', async () => {
      await fixture.plug({ pin: PIN, cutNames: 5 });
      for (const name of ['abc€€', 'äöü']) {
        await registerWithPin({ residentKey: 'required', user: { id: encodeBase64url(randomBytes(8)), name, displayName: name } });
      }
      const signIn = fixture.authenticate();
      await enterPin(signIn);
      const { entries } = await signIn.state('selectingCredential');
      expect(entries.map(({ name }) => name).sort()).toEqual(['abc\ufffd', 'äö\ufffd']);
      await signIn.selectCredential(0);
      await resultOf(signIn);
    });

    test.each([
      ['the account', { omitUser: true }],
      ['the number of credentials', { omitNumberOfCredentials: true }],
    ])('%s is left out of assertions', async (_name, knobs) => {
      const key = await fixture.plug({ pin: PIN });
      for (const name of ['ada', 'grace']) {
        await registerWithPin({ residentKey: 'required', user: { id: encodeBase64url(randomBytes(8)), name, displayName: name } });
      }
      await fixture.keys.client.configure(key, knobs);
      const signIn = fixture.authenticate();
      await enterPin(signIn);
      if ('omitUser' in knobs) {
        expect((await signIn.state('selectingCredential')).entries.map(({ name }) => name)).toEqual(['', '']);
        await signIn.selectCredential(1);
      }
      const { userHandle } = await resultOf(signIn);
      expect(userHandle === undefined).toBe('omitUser' in knobs);
    });

    test('a cancel that the key does not hear: the answer leaves at once, and the next ceremony works', async () => {
      const key = await fixture.plug({ ignoreCancel: true, touch: { mode: 'manual' } });
      const lost = fixture.register(SILENT);
      await fixture.keys.client.waitFor(key, 'waitingForTouch');
      lost.cancel();
      expect(await lost.outcome).toEqual({ reason: 'cancelled' });
      await fixture.keys.client.configure(key, { touch: { mode: 'instant' } });
      await verifyRegistration(fixture.register(SILENT), { userVerified: false });
    });
  });
});
