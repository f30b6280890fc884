import { randomBytes } from 'node:crypto';

import type { WebAuthnCredential } from '@simplewebauthn/server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Knobs } from '../../virtual-key/client.ts';
import { type Ceremony, CeremonyFixture, resultOf, verifyAuthentication, verifyRegistration } from './fixture.ts';

const PIN = '6120';

function unknownIds(count: number): { id: string }[] {
  return Array.from({ length: count }, () => ({ id: randomBytes(32).toString('base64url') }));
}

/** Keys that are strict, or do not do what they say; on the real host process against a virtual key. */
describe('quirks of keys', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  async function enterPin(ceremony: Ceremony<'registration.start'> | Ceremony<'authentication.start'>): Promise<void> {
    await ceremony.state('needsPin');
    await ceremony.submitPin(PIN);
  }

  async function plugWithCredential(knobs: Knobs, extensions: object = {}): Promise<{ key: string; credential: WebAuthnCredential }> {
    const key = await fixture.plug({ pin: PIN, ...knobs });
    const registration = fixture.register({ residentKey: 'required', userVerification: 'required', extensions });
    await enterPin(registration);
    return { key, credential: await verifyRegistration(registration, { userVerified: true }) };
  }

  test('a token that is void after one use is fetched again: the PIN is typed once, the best protected credential found', async () => {
    const credProtect = { level: 3, enforce: true };
    const { key, credential } = await plugWithCredential({ maxCredentialCountInList: 2, tokenLife: 'oneUse' }, { credProtect });
    const signIn = fixture.authenticate({ allowCredentials: [...unknownIds(5), { id: credential.id }] });
    await enterPin(signIn);
    await verifyAuthentication(signIn, credential, { userVerified: true });
    expect(signIn.states.filter(({ state }) => state === 'needsPin')).toHaveLength(1);

    const again = fixture.register({ excludeCredentials: [...unknownIds(5), { id: credential.id }] });
    await enterPin(again);
    expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
    expect((await fixture.keys.client.state(key)).pinRetries).toBe(8);
  });

  test('a token that a touch voids wholly: the large blob is written with another one', async () => {
    const { credential } = await plugWithCredential(
      { tokenLife: 'oneTouch', extensions: ['credProtect', 'hmac-secret', 'largeBlobKey'] },
      { largeBlob: 'required' },
    );
    const allowCredentials = [{ id: credential.id }];
    const signIn = fixture.authenticate({ allowCredentials, extensions: { largeBlob: { write: 'AQID' } } });
    await enterPin(signIn);
    expect((await resultOf(signIn)).extensions).toEqual({ largeBlob: { written: true } });
    const read = fixture.authenticate({ allowCredentials, extensions: { largeBlob: 'read' } });
    await enterPin(read);
    expect((await resultOf(read)).extensions).toEqual({ largeBlob: { blob: 'AQID' } });
  });

  test.each([1, 3])('a key that takes only %i list entries of those it tells', async (acceptedCredentialCount) => {
    const { credential } = await plugWithCredential({ acceptedCredentialCount });
    const list = [...unknownIds(5), { id: credential.id }];
    const signIn = fixture.authenticate({ allowCredentials: list });
    await enterPin(signIn);
    await verifyAuthentication(signIn, credential, { userVerified: true });
    const again = fixture.register({ excludeCredentials: list });
    await enterPin(again);
    expect(await again.outcome).toEqual({ reason: 'credentialExcluded' });
    const stranger = fixture.authenticate({ allowCredentials: unknownIds(6), userVerification: 'discouraged' });
    expect(await stranger.outcome).toEqual({ reason: 'noCredentials' });
  });

  test('hmac-secret-mc: the values come at registration, and are those of the sign-in', async () => {
    await fixture.plug({ pin: PIN, extensions: ['hmac-secret', 'hmac-secret-mc'] });
    const salts = { first: encodeBase64url(randomBytes(32)), second: encodeBase64url(randomBytes(32)) };
    const registration = fixture.register({ extensions: { prf: { salts } }, residentKey: 'required' });
    await enterPin(registration);
    const made = (await resultOf(registration)).extensions;
    expect(made?.hmacSecret).toBe(true);
    const signIn = fixture.authenticate({ extensions: { prf: { salts, byCredential: [] } } });
    await enterPin(signIn);
    expect((await resultOf(signIn)).extensions?.prf).toEqual(made?.prf);
    expect(made?.prf?.second).toHaveLength(43);
  });

  test.each([
    [undefined, undefined],
    [false, 1],
    [true, 1],
    [true, 2],
  ] as const)('enterprise attestation is asked for only where it is enabled: %s, kind %s', async (enterpriseAttestation, kind) => {
    await fixture.plug(enterpriseAttestation === undefined ? {} : { enterpriseAttestation });
    const registration = fixture.register({ ...(kind === undefined ? {} : { enterpriseAttestation: kind }) });
    await verifyRegistration(registration, { userVerified: false });
    // The virtual key gives one to whoever asks for the platform-managed kind, and says so.
    const given = enterpriseAttestation === true && kind === 2 ? true : undefined;
    expect((await resultOf(registration)).enterpriseAttestation).toBe(given);
  });

  test('noMcGaPermissionsWithClientPin: the PIN is of no use for ceremonies', async () => {
    await fixture.plug({ pin: PIN, noMcGaPermissionsWithClientPin: true });
    const silent = fixture.register({ userVerification: 'preferred', residentKey: 'discouraged' });
    await verifyRegistration(silent, { userVerified: false });
    const required = fixture.register({ userVerification: 'required' });
    expect(await required.outcome).toEqual({ reason: 'unsupportedRequirement' });
  });

  test('alwaysUv: prf and a list of two, without the site asking for user verification', async () => {
    const { credential } = await plugWithCredential({ alwaysUv: true }, { prf: {} });
    const salts = { first: encodeBase64url(randomBytes(32)) };
    const signIn = fixture.authenticate({
      userVerification: 'discouraged',
      allowCredentials: [...unknownIds(1), { id: credential.id }],
      extensions: { prf: { byCredential: [{ id: credential.id, salts }] } },
    });
    await enterPin(signIn);
    await verifyAuthentication(signIn, credential, { userVerified: true });
    expect((await resultOf(signIn)).extensions?.prf?.first).toHaveLength(43);
  });
});
