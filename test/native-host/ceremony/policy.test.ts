import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { parseAttestationObject } from '../../../shared/webauthn/attestation-object.ts';
import { CeremonyFixture, resultOf } from './fixture.ts';

const PIN = '84173';
const OTHER = 'f'.repeat(32);
const NOTHING_ASKED = { residentKey: false, hmacSecret: false };

/** The real host process against virtual keys: what the policy does not allow leaves nothing on a key. */
describe('a policy', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  async function modelOf(attestationObject: string): Promise<string> {
    const parsed = parseAttestationObject(decodeBase64url(attestationObject) ?? new Uint8Array());
    return Promise.resolve(encodeHex((parsed.ok ? parsed.value.authenticatorData.attestedCredentialData?.aaguid : undefined) ?? new Uint8Array()));
  }

  test('that does not list the model: the key is touched, but never asked to make a credential', async () => {
    const key = await fixture.plug();
    const requirements = { ...NOTHING_ASKED, aaguids: [{ type: 'allow' as const, aaguids: [OTHER] }] };
    expect(await fixture.register({ residentKey: 'required', requirements }).outcome).toEqual({ reason: 'refusedByPolicy' });
    expect(await fixture.keys.client.getCredentials(key)).toEqual([]);
    expect(await fixture.authenticate({ requirements }).outcome).toEqual({ reason: 'refusedByPolicy' });
  });

  test('that lists the model lets it pass; one that blocks it does not', async () => {
    const key = await fixture.plug({ pin: PIN });
    const first = fixture.register({ residentKey: 'required' });
    await first.state('needsPin');
    await first.submitPin(PIN);
    const aaguid = await modelOf((await resultOf(first)).attestationObject);
    const allowed = fixture.register({ residentKey: 'required', requirements: { ...NOTHING_ASKED, aaguids: [{ type: 'allow', aaguids: [OTHER, aaguid] }] } });
    await allowed.state('needsPin');
    await allowed.submitPin(PIN);
    await resultOf(allowed);
    const blocked = fixture.register({ residentKey: 'required', requirements: { ...NOTHING_ASKED, aaguids: [{ type: 'block', aaguids: [aaguid] }] } });
    expect(await blocked.outcome).toEqual({ reason: 'refusedByPolicy' });
    expect(await fixture.keys.client.getCredentials(key)).toHaveLength(2);
  });

  test('that asks for discoverable credentials refuses a key without them, and a U2F key by its missing model', async () => {
    await fixture.plug({}, 'ctap1/u2f');
    const requirements = { ...NOTHING_ASKED, aaguids: [{ type: 'allow' as const, aaguids: [OTHER] }] };
    expect(await fixture.register({ residentKey: 'discouraged', userVerification: 'discouraged', requirements }).outcome).toEqual({ reason: 'refusedByPolicy' });
    const rk = { ...NOTHING_ASKED, aaguids: [], residentKey: true };
    expect(await fixture.register({ residentKey: 'discouraged', userVerification: 'discouraged', requirements: rk }).outcome).toEqual({ reason: 'refusedByPolicy' });
  });
});

describe('credential.delete', () => {
  let fixture: CeremonyFixture;

  beforeAll(async () => {
    fixture = await CeremonyFixture.start();
  });
  afterEach(() => fixture.reset());
  afterAll(() => fixture.stop());

  /** A key with a PIN, and the discoverable credential on it. */
  async function registered(): Promise<{ readonly key: string; readonly credentialId: string }> {
    const key = await fixture.plug({ pin: PIN });
    const registration = fixture.register({ residentKey: 'required' });
    await registration.state('needsPin');
    await registration.submitPin(PIN);
    await resultOf(registration);
    const [credential] = await fixture.keys.client.getCredentials(key);
    return { key, credentialId: credential?.credentialId ?? '' };
  }

  test('asks for the PIN, tells a wrong one, and removes the credential', async () => {
    const { key, credentialId } = await registered();
    const { requester } = fixture.host;
    expect(await requester.request('credential.delete', { credentialId })).toEqual({ ok: true, value: { outcome: 'pinNeeded', pinRetries: 8 } });
    expect(await requester.request('credential.delete', { credentialId, pin: '9999' })).toEqual({ ok: true, value: { outcome: 'pinInvalid', pinRetries: 7 } });
    expect(await fixture.keys.client.getCredentials(key)).toHaveLength(1);
    expect(await requester.request('credential.delete', { credentialId, pin: PIN })).toEqual({ ok: true, value: { outcome: 'deleted' } });
    expect(await fixture.keys.client.getCredentials(key)).toEqual([]);
  });

  test('says when the key that is there does not hold it', async () => {
    const { key, credentialId } = await registered();
    const { requester } = fixture.host;
    const request = { credentialId, pin: PIN };
    await fixture.keys.client.unplug(key);
    const other = await fixture.plug({ pin: PIN });
    expect(await requester.request('credential.delete', request)).toEqual({ ok: true, value: { outcome: 'notFound' } });
    await fixture.keys.client.unplug(other);
    await fixture.keys.client.plug(key);
    expect(await requester.request('credential.delete', request)).toEqual({ ok: true, value: { outcome: 'deleted' } });
  });

  test('removes that credential, and none whose ID only begins so', async () => {
    const { key, credentialId: whole } = await registered();
    const credentialId = encodeBase64url((decodeBase64url(whole) ?? new Uint8Array()).subarray(0, 3));
    expect(await fixture.host.requester.request('credential.delete', { credentialId, pin: PIN })).toEqual({ ok: true, value: { outcome: 'notFound' } });
    expect(await fixture.keys.client.getCredentials(key)).toHaveLength(1);
  });

  test('says when the key has no PIN to remove anything with', async () => {
    const key = await fixture.plug();
    await resultOf(fixture.register({ residentKey: 'required', userVerification: 'discouraged' }));
    const [credential] = await fixture.keys.client.getCredentials(key);
    const { requester } = fixture.host;
    expect(await requester.request('credential.delete', { credentialId: credential?.credentialId ?? '' })).toEqual({ ok: true, value: { outcome: 'pinNotSet' } });
  });

  test('says when the key takes no more PINs until it was taken out, and then goes on', async () => {
    const { key, credentialId } = await registered();
    const { requester } = fixture.host;
    const outcomes: unknown[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) outcomes.push(await requester.request('credential.delete', { credentialId, pin: '9999' }));
    expect(outcomes).toMatchObject([{ value: { outcome: 'pinInvalid' } }, { value: { outcome: 'pinInvalid' } }, { value: { outcome: 'pinAuthBlocked' } }]);
    expect(await requester.request('credential.delete', { credentialId, pin: PIN })).toMatchObject({ value: { outcome: 'pinAuthBlocked' } });
    await fixture.keys.client.powerCycle(key);
    expect(await requester.request('credential.delete', { credentialId, pin: PIN })).toEqual({ ok: true, value: { outcome: 'deleted' } });
  });

  test('says when there is no key, or one that cannot', async () => {
    const { requester } = fixture.host;
    expect(await requester.request('credential.delete', { credentialId: 'AQID' })).toMatchObject({ ok: true, value: { outcome: 'noKey' } });
    await fixture.plug({ pin: PIN }, 'ctap2');
    expect(await requester.request('credential.delete', { credentialId: 'AQID', pin: PIN })).toMatchObject({ ok: true, value: { outcome: 'notSupported' } });
  });
});
