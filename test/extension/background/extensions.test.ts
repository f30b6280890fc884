import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { success } from '../../../shared/bytes/result.ts';
import type { AuthenticationResponseJson, RegistrationResponseJson } from '../../../shared/webauthn/json.ts';
import type { ParamsOf, ResultOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import { base64url, creationOptions, type Relay, requestOptions, World } from './support/world.ts';

const ORIGIN = 'https://login.example';
const APP_ID = 'https://u2f.login.example/app-id.json';
const VALUE = Buffer.alloc(32, 5).toString('base64url');

type RegistrationOutputs = ResultOf<NativeHop, 'registration.start'>['extensions'];
type AuthenticationOutputs = ResultOf<NativeHop, 'authentication.start'>['extensions'];

/** A world whose host notes what it is asked for and answers with these outputs. */
class ExtensionWorld {
  readonly world = new World().withHost();
  readonly relay: Relay;
  registrationOutputs: RegistrationOutputs;
  gaveEnterpriseAttestation = false;
  authenticationOutputs: AuthenticationOutputs;
  registration: ParamsOf<NativeHop, 'registration.start'> | undefined;
  authentication: ParamsOf<NativeHop, 'authentication.start'> | undefined;

  constructor(origin = ORIGIN) {
    const { world } = this;
    world.behaviour.register = async ({ params, context }) => {
      await world.presence(params.promptVisible, context);
      this.registration = params;
      return success({
        ...world.key.register(params),
        ...(this.registrationOutputs === undefined ? {} : { extensions: this.registrationOutputs }),
        ...(this.gaveEnterpriseAttestation ? { enterpriseAttestation: true } : {}),
      });
    };
    world.behaviour.authenticate = async ({ params, context }) => {
      await world.presence(params.promptVisible, context);
      this.authentication = params;
      const rpId = this.authenticationOutputs?.appId === true ? (params.extensions?.appId ?? '') : params.rpId;
      const signed = world.key.authenticate({ ...params, rpId });
      return success({ ...signed, ...(this.authenticationOutputs === undefined ? {} : { extensions: this.authenticationOutputs }) });
    };
    world.start();
    this.relay = world.relay(origin);
  }

  async create(extensions: object, change: object = {}): Promise<RegistrationResponseJson> {
    return credentialOf(await this.relay.create(creationOptions({ extensions, ...change }))) as RegistrationResponseJson;
  }

  async get(extensions: object, change: object = {}): Promise<AuthenticationResponseJson> {
    return credentialOf(await this.relay.get(requestOptions({ extensions, ...change }))) as AuthenticationResponseJson;
  }
}

function credentialOf(outcome: { readonly ok: boolean; readonly value?: unknown }): unknown {
  expect(outcome).toMatchObject({ ok: true, value: { outcome: 'credential' } });
  return (outcome.value as { credential: unknown }).credential;
}

function saltOf(input: string): string {
  return createHash('sha256').update('WebAuthn PRF\0').update(input).digest('base64url');
}

describe('extensions of a registration', () => {
  it('reach the host in its terms, and their outputs reach the page in its own', async () => {
    const fixture = new ExtensionWorld();
    fixture.registrationOutputs = { credBlob: true, hmacSecret: true, prf: { first: VALUE }, largeBlob: true };
    const { clientExtensionResults } = await fixture.create({
      appidExclude: APP_ID,
      credProps: true,
      credentialProtectionPolicy: 'userVerificationOptionalWithCredentialIDList',
      enforceCredentialProtectionPolicy: true,
      minPinLength: true,
      credBlob: base64url('blob'),
      hmacCreateSecret: true,
      prf: { eval: { first: base64url('one') } },
      largeBlob: { support: 'required' },
      unheardOf: { of: 1 },
    });
    expect(fixture.registration?.extensions).toEqual({
      appIdExclude: APP_ID,
      credProtect: { level: 2, enforce: true },
      minPinLength: true,
      credBlob: base64url('blob'),
      hmacSecret: true,
      prf: { salts: { first: saltOf('one') } },
      largeBlob: 'required',
    });
    expect(clientExtensionResults).toEqual({
      credProps: { rk: true },
      credBlob: true,
      hmacCreateSecret: true,
      prf: { enabled: true, results: { first: VALUE } },
      largeBlob: { supported: true },
    });
  });

  it('say so when nothing came of them, and are silent when they were not asked for', async () => {
    const fixture = new ExtensionWorld();
    const asked = { credBlob: 'AQ', hmacCreateSecret: true, prf: {}, largeBlob: {} };
    expect((await fixture.create(asked)).clientExtensionResults).toEqual({
      credBlob: false,
      hmacCreateSecret: false,
      prf: { enabled: false },
      largeBlob: { supported: false },
    });
    fixture.registrationOutputs = { credBlob: true, hmacSecret: true, prf: { first: VALUE }, largeBlob: true };
    expect((await fixture.create({ hmacCreateSecret: false, credProps: false })).clientExtensionResults).toEqual({});
    expect(fixture.registration?.extensions).toEqual({});
  });

  it.each([
    ['enterprise', 1],
    ['direct', undefined],
  ])('an attestation that is %s', async (attestation, expected) => {
    const fixture = new ExtensionWorld();
    await fixture.create({}, { attestation });
    expect(fixture.registration?.enterpriseAttestation).toBe(expected);
  });

  it.each([
    ['direct', ['packed', 'none']],
    ['none', undefined],
    ['indirect', undefined],
  ])('the formats that the site prefers go to the key with an attestation that it gets: %s', async (attestation, expected) => {
    const fixture = new ExtensionWorld();
    await fixture.create({}, { attestation, attestationFormats: ['packed', 'none'] });
    expect(fixture.registration?.attestationFormats).toEqual(expected);
  });

  it('an attestation that the key calls an enterprise attestation is recorded as one', async () => {
    const fixture = new ExtensionWorld();
    fixture.gaveEnterpriseAttestation = true;
    await fixture.create({}, { attestation: 'enterprise' });
    fixture.gaveEnterpriseAttestation = false;
    await fixture.create({}, { attestation: 'enterprise' });
    const { ceremonies } = await fixture.world.popup().views.until((view) => view.ceremonies.length === 2);
    expect(ceremonies.map(({ enterpriseAttestation }) => enterpriseAttestation)).toEqual([undefined, true]);
  });

  it.each([
    ['salts by credential', { prf: { evalByCredential: { AQ: { first: 'AQ' } } } }, 'NotSupportedError'],
    ['a large blob to read', { largeBlob: { read: true } }, 'NotSupportedError'],
    ['a large blob to write', { largeBlob: { write: 'AQ' } }, 'NotSupportedError'],
    ['an AppID of another site', { appidExclude: 'https://other.example/app-id.json' }, 'SecurityError'],
    ['an excluded AppID that is no URL', { appidExclude: 'app' }, 'SyntaxError'],
    ['an AppID', { appid: APP_ID }, 'NotSupportedError'],
    ['an enforced protection policy that is none', { enforceCredentialProtectionPolicy: true }, 'NotSupportedError'],
    ['an unknown protection policy', { credentialProtectionPolicy: 'always' }, 'NotSupportedError'],
    ['an enforced policy that protects nothing', { credentialProtectionPolicy: 'userVerificationOptional', enforceCredentialProtectionPolicy: true }, 'NotSupportedError'],
    ['a value of another type', { prf: true }, 'TypeError'],
    ['values without the first', { prf: { eval: { second: 'AQ' } } }, 'TypeError'],
  ])('%s is refused', async (_name, extensions, name) => {
    const fixture = new ExtensionWorld();
    const outcome = await fixture.relay.create(creationOptions({ extensions }));
    expect(outcome).toMatchObject({ ok: false, error: { error: { name } } });
    expect(fixture.registration).toBeUndefined();
  });

  it.each([
    ['userVerificationOptional', { residentKey: 'required', userVerification: 'required' }, 1],
    ['userVerificationOptional', { residentKey: 'preferred', userVerification: 'required' }, undefined],
    ['userVerificationOptionalWithCredentialIDList', { residentKey: 'discouraged', userVerification: 'discouraged' }, 2],
    ['userVerificationRequired', { residentKey: 'discouraged', userVerification: 'required' }, 3],
    ['userVerificationRequired', { residentKey: 'required', userVerification: 'preferred' }, undefined],
  ])('the protection policy %s with %j is refused unless it can hold', async (credentialProtectionPolicy, authenticatorSelection, level) => {
    const fixture = new ExtensionWorld();
    const outcome = await fixture.relay.create(creationOptions({ authenticatorSelection, extensions: { credentialProtectionPolicy } }));
    expect(fixture.registration?.extensions?.credProtect?.level).toBe(level);
    if (level === undefined) expect(outcome).toMatchObject({ ok: false, error: { error: { name: 'NotSupportedError' } } });
  });

  it('are looked at before the RP ID, which may take a request to its site', async () => {
    const fixture = new ExtensionWorld();
    const outcome = await fixture.relay.create(creationOptions({ rp: { id: 'other.example', name: 'Other' }, extensions: { appid: APP_ID } }));
    expect(outcome).toMatchObject({ ok: false, error: { error: { name: 'NotSupportedError' } } });
  });
});

describe('extensions of an authentication', () => {
  it('reach the host in its terms, and their outputs reach the page in its own', async () => {
    const fixture = new ExtensionWorld();
    const { id } = await fixture.create({});
    fixture.authenticationOutputs = { appId: false, credBlob: 'AQ', prf: { first: VALUE, second: VALUE }, largeBlob: { written: true } };
    const extensions = {
      appid: APP_ID,
      getCredBlob: true,
      prf: { eval: { first: base64url('one'), second: base64url('two') }, evalByCredential: { [id]: { first: base64url('own') } } },
      largeBlob: { write: base64url('blob') },
    };
    const signedIn = await fixture.get(extensions, { allowCredentials: [{ type: 'public-key', id }] });
    expect(fixture.authentication?.extensions).toEqual({
      appId: APP_ID,
      getCredBlob: true,
      prf: {
        salts: { first: saltOf('one'), second: saltOf('two') },
        byCredential: [{ id, salts: { first: saltOf('own') } }],
      },
      largeBlob: { write: base64url('blob') },
    });
    expect(signedIn.clientExtensionResults).toEqual({
      appid: false,
      getCredBlob: 'AQ',
      prf: { results: { first: VALUE, second: VALUE } },
      largeBlob: { written: true },
    });
  });

  it('a credential of the AppID is accepted where the host says so', async () => {
    const fixture = new ExtensionWorld();
    const hash = createHash('sha256').digest('base64url');
    fixture.world.key.register({ clientDataHash: hash, rp: { id: APP_ID }, user: { id: 'AQ' } });
    fixture.authenticationOutputs = { appId: true };
    const id = Buffer.from(fixture.world.key.credentials[0]?.id ?? []).toString('base64url');
    const allowCredentials = [{ type: 'public-key', id }];
    expect((await fixture.get({ appid: APP_ID }, { allowCredentials })).clientExtensionResults).toEqual({ appid: true });
  });

  it('are echoed without results when the key gave none', async () => {
    const fixture = new ExtensionWorld();
    await fixture.create({});
    const asked = { getCredBlob: true, prf: { eval: { first: 'AQ' } }, largeBlob: { read: true } };
    expect((await fixture.get(asked)).clientExtensionResults).toEqual({ prf: {}, largeBlob: {} });
  });

  it.each([
    ['salts for a credential that is not allowed', { prf: { evalByCredential: { AQ: { first: 'AQ' } } } }, ['Ag'], 'SyntaxError'],
    ['salts for something that is no credential', { prf: { evalByCredential: { '!': { first: 'AQ' } } } }, ['Ag'], 'SyntaxError'],
    ['salts by credential without a list', { prf: { evalByCredential: { AQ: { first: 'AQ' } } } }, [], 'NotSupportedError'],
    ['large blob support', { largeBlob: { support: 'preferred' } }, [], 'NotSupportedError'],
    ['reading and writing at once', { largeBlob: { read: true, write: 'AQ' } }, ['Ag'], 'NotSupportedError'],
    ['writing for nobody', { largeBlob: { write: 'AQ' } }, [], 'NotSupportedError'],
    ['writing for two', { largeBlob: { write: 'AQ' } }, ['Ag', 'Aw'], 'NotSupportedError'],
    ['an AppID of another site', { appid: 'https://other.example/app-id.json' }, ['Ag'], 'SecurityError'],
    ['an AppID that is no URL', { appid: 'app' }, ['Ag'], 'SyntaxError'],
    ['credProps', { credProps: true }, ['Ag'], 'NotSupportedError'],
    ['an AppID without https', { appid: 'http://login.example/app-id.json' }, ['Ag'], 'SecurityError'],
  ])('%s: refused', async (_name, extensions, ids, name) => {
    const fixture = new ExtensionWorld();
    const allowCredentials = ids.map((id) => ({ type: 'public-key', id }));
    const outcome = await fixture.relay.get(requestOptions({ extensions, allowCredentials }));
    expect(outcome).toMatchObject({ ok: false, error: { error: { name } } });
    expect(fixture.authentication).toBeUndefined();
  });
});
