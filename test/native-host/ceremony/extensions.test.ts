import { createHash, randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { ParamsOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import type { Knobs } from '../../virtual-key/client.ts';
import { type Ceremony, CeremonyFixture, resultOf, RP_ID, verifyAuthentication, verifyRegistration } from './fixture.ts';

type RegistrationInputs = NonNullable<ParamsOf<NativeHop, 'registration.start'>['extensions']>;
type AuthenticationInputs = NonNullable<ParamsOf<NativeHop, 'authentication.start'>['extensions']>;

const PIN = '8811';
const ALL: Knobs = { extensions: ['credProtect', 'hmac-secret', 'minPinLength', 'credBlob', 'largeBlobKey'] };
const SILENT = { userVerification: 'discouraged', residentKey: 'discouraged' } as const;

const salt = (text: string): string => encodeBase64url(createHash('sha256').update(text).digest());
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** Extensions, on the real host process against a virtual key. */
describe('extensions', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  /** Enters the PIN if it is asked for. */
  async function withPin<Method extends 'registration.start' | 'authentication.start'>(
    ceremony: Ceremony<Method>,
    pin: string | undefined,
  ): Promise<Ceremony<Method>> {
    if (pin !== undefined) {
      await ceremony.state('needsPin');
      await ceremony.submitPin(pin);
    }
    await ceremony.outcome;
    return ceremony;
  }

  async function register(extensions: RegistrationInputs, pin?: string, options: object = {}): Promise<Ceremony<'registration.start'>> {
    return withPin(fixture.register({ residentKey: 'required', extensions, ...options }), pin);
  }

  async function signIn(extensions: AuthenticationInputs, pin?: string, options: object = {}): Promise<Ceremony<'authentication.start'>> {
    return withPin(fixture.authenticate({ extensions, ...options }), pin);
  }

  /** The authenticator data's extension outputs, as the text that CBOR makes of their names. */
  function contains(attestationObject: string, name: string): boolean {
    return Buffer.from(attestationObject, 'base64url').includes(name);
  }

  describe('prf', () => {
    test.each([
      ['with protocol two', { pin: PIN }],
      ['with protocol one', { pin: PIN, pinUvAuthProtocols: [1] }],
      ['without user verification', {}],
    ] as const)('values are stable, and differ by salt: %s', async (_name, knobs) => {
      const { pin } = { pin: undefined, ...knobs };
      await fixture.plug(knobs);
      const registration = await resultOf(await register({ prf: {} }, pin));
      expect(registration.extensions).toEqual({ hmacSecret: true });
      const both = { salts: { first: salt('a'), second: salt('b') }, byCredential: [] };
      const first = (await resultOf(await signIn({ prf: both }, pin))).extensions?.prf;
      const swapped = { salts: { first: salt('b'), second: salt('a') }, byCredential: [] };
      const second = (await resultOf(await signIn({ prf: swapped }, pin))).extensions?.prf;
      expect(first?.first).toHaveLength(43);
      expect(first?.first).not.toBe(first?.second);
      expect(second).toEqual({ first: first?.second, second: first?.first });
      const only = { salts: { first: salt('a') }, byCredential: [] };
      expect((await resultOf(await signIn({ prf: only }, pin))).extensions?.prf).toEqual({ first: first?.first });
    });

    test('the user is verified where the key can, whatever the site says: the secret is the same', async () => {
      await fixture.plug({ pin: PIN });
      await register({ prf: {} }, PIN);
      const prf = { salts: { first: salt('a') }, byCredential: [] };
      const values = [];
      for (const userVerification of ['required', 'discouraged'] as const) {
        values.push((await resultOf(await signIn({ prf }, PIN, { userVerification }))).extensions?.prf);
      }
      expect(values[0]).toEqual(values[1]);
    });

    test('evalByCredential: the salt of the credential that the key holds', async () => {
      await fixture.plug();
      const credential = await verifyRegistration(await register({ prf: {} }), { userVerified: false });
      const ids = [randomBytes(32).toString('base64url'), credential.id, randomBytes(32).toString('base64url')];
      const allowCredentials = ids.map((id) => ({ id }));
      const byCredential = ids.map((id, index) => ({ id, salts: { first: salt(index.toString()) } }));
      const found = await signIn({ prf: { salts: { first: salt('any') }, byCredential } }, undefined, { allowCredentials });
      const direct = await signIn({ prf: { salts: { first: salt('1') }, byCredential: [] } }, undefined, { allowCredentials });
      const [one, two] = [await resultOf(found), await resultOf(direct)];
      expect(one.extensions?.prf).toEqual(two.extensions?.prf);
      expect(one.extensions?.prf).toBeDefined();
    });

    test('several accounts: each has its own value', async () => {
      await fixture.plug({ pin: PIN });
      await register({ prf: {} }, PIN);
      await register({ prf: {} }, PIN);
      const values = [];
      for (const index of [0, 1]) {
        const ceremony = fixture.authenticate({ extensions: { prf: { salts: { first: salt('a') }, byCredential: [] } } });
        await ceremony.state('needsPin');
        await ceremony.submitPin(PIN);
        await ceremony.state('selectingCredential');
        await ceremony.selectCredential(index);
        values.push((await resultOf(ceremony)).extensions?.prf?.first);
      }
      expect(new Set(values).size).toBe(2);
      expect(values).not.toContain(undefined);
    });

    test('keys without it say so', async () => {
      await fixture.plug({ extensions: [] });
      expect((await resultOf(await register({ prf: { salts: { first: salt('a') } } }))).extensions).toEqual({ hmacSecret: false });
      const result = await resultOf(await signIn({ prf: { salts: { first: salt('a') }, byCredential: [] } }));
      expect(result.extensions).toEqual({});
    });
  });

  describe('largeBlob', () => {
    const write = (text: string): AuthenticationInputs => ({ largeBlob: { write: base64url(text) } });

    test.each([
      ['with a PIN', PIN, {}],
      ['without', undefined, {}],
      ['in many fragments', PIN, { maxMsgSize: 256 }],
    ] as const)('written, read and replaced %s', async (_name, pin, knobs) => {
      await fixture.plug({ ...ALL, ...knobs, ...(pin === undefined ? {} : { pin }) });
      const registration = await register({ largeBlob: 'required' }, pin, { residentKey: 'discouraged' });
      expect(await resultOf(registration)).toMatchObject({ extensions: { largeBlob: true }, discoverable: true });
      const credential = await verifyRegistration(registration, { userVerified: pin !== undefined });
      const allowCredentials = [{ id: credential.id }];
      expect((await resultOf(await signIn({ largeBlob: 'read' }, pin))).extensions).toEqual({ largeBlob: {} });
      const long = randomBytes(700).toString('hex');
      for (const text of ['first', long]) {
        const written = await signIn(write(text), pin, { allowCredentials, userVerification: 'discouraged' });
        await verifyAuthentication(written, credential, { userVerified: pin !== undefined });
        expect((await resultOf(written)).extensions).toEqual({ largeBlob: { written: true } });
        const read = await resultOf(await signIn({ largeBlob: 'read' }, pin));
        expect(read.extensions).toEqual({ largeBlob: { blob: base64url(text) } });
      }
    });

    test('the blobs of other credentials stay', async () => {
      await fixture.plug(ALL);
      const ids = [];
      for (const text of ['one', 'two']) {
        const credential = await verifyRegistration(await register({ largeBlob: 'preferred' }), { userVerified: false });
        ids.push(credential.id);
        await signIn(write(text), undefined, { allowCredentials: [{ id: credential.id }] });
      }
      const blobs = [];
      for (const id of ids) {
        const read = await signIn({ largeBlob: 'read' }, undefined, { allowCredentials: [{ id }] });
        blobs.push((await resultOf(read)).extensions?.largeBlob?.blob);
      }
      expect(blobs).toEqual(['one', 'two'].map(base64url));
    });

    test('one that the key has no room for is not written, and the sign-in succeeds', async () => {
      await fixture.plug(ALL);
      const credential = await verifyRegistration(await register({ largeBlob: 'preferred' }), { userVerified: false });
      const big = { largeBlob: { write: randomBytes(6000).toString('base64url') } };
      const result = await resultOf(await signIn(big, undefined, { allowCredentials: [{ id: credential.id }] }));
      expect(result.extensions).toEqual({ largeBlob: { written: false } });
    });

    test('a key without large blobs: refused when required, told when preferred', async () => {
      await fixture.plug();
      expect(await (await register({ largeBlob: 'required' })).outcome).toEqual({ reason: 'unsupportedRequirement' });
      expect((await resultOf(await register({ largeBlob: 'preferred' }))).extensions).toEqual({ largeBlob: false });
      expect((await resultOf(await signIn({ largeBlob: 'read' }))).extensions).toEqual({ largeBlob: {} });
    });
  });

  describe('credBlob, minPinLength, credProtect', () => {
    test('a blob is stored and comes back', async () => {
      await fixture.plug(ALL);
      const blob = base64url('a few bytes');
      expect((await resultOf(await register({ credBlob: blob }))).extensions).toEqual({ credBlob: true });
      expect((await resultOf(await signIn({ getCredBlob: true }))).extensions).toEqual({ credBlob: blob });
    });

    test('a blob that is too long, or a key without blobs', async () => {
      const key = await fixture.plug(ALL);
      const long = randomBytes(33).toString('base64url');
      expect((await resultOf(await register({ credBlob: long }))).extensions).toEqual({ credBlob: false });
      await fixture.keys.client.configure(key, { extensions: [] });
      expect((await resultOf(await register({ credBlob: 'AQ' }))).extensions).toEqual({ credBlob: false });
    });

    test('the minimum PIN length is told to those who may know', async () => {
      const key = await fixture.plug({ ...ALL, minPinLengthRpIds: [RP_ID] });
      expect(contains((await resultOf(await register({ minPinLength: true }))).attestationObject, 'minPinLength')).toBe(true);
      await fixture.keys.client.configure(key, { minPinLengthRpIds: [] });
      expect(contains((await resultOf(await register({ minPinLength: true }))).attestationObject, 'minPinLength')).toBe(false);
    });

    test('protection is enforced: a key that cannot is told, another protects', async () => {
      const key = await fixture.plug({ extensions: ['hmac-secret'] });
      const credProtect = { level: 3, enforce: true } as const;
      expect(await (await register({ credProtect })).outcome).toEqual({ reason: 'unsupportedRequirement' });
      await fixture.keys.client.configure(key, { extensions: ['credProtect'] });
      await resultOf(await register({ credProtect }));
      expect(await fixture.keys.client.getCredentials(key)).toMatchObject([{ credProtect: 3 }]);
    });
  });

  test('U2F keys: nothing is used, everything is told', async () => {
    await fixture.plug({}, 'ctap1/u2f');
    const asked = { credBlob: 'AQ', prf: {}, hmacSecret: true, largeBlob: 'preferred', minPinLength: true } as const;
    const registration = await register(asked, undefined, SILENT);
    expect((await resultOf(registration)).extensions).toEqual({ credBlob: false, hmacSecret: false, largeBlob: false });
  });
});
