import { beforeEach, describe, expect, it } from 'vitest';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { failure, success } from '../../../shared/bytes/result.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { creationOptions, requestOptions, type Relay, World } from './support/world.ts';

const MODEL = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const OTHER = '00112233-4455-6677-8899-aabbccddeeff';
const NOT_ALLOWED = { ok: false, error: { kind: 'error', error: { name: 'NotAllowedError' } } };
const CREDENTIAL = { ok: true, value: { outcome: 'credential' } };

let world: World;
let page: Relay;

async function withPolicy(site: object): Promise<void> {
  world.platform.managedValues = { policy: JSON.stringify({ sites: [{ rpIds: ['login.example'], ...site }] }) };
  await start();
}

function start(): Promise<void> {
  world.withHost().start();
  page = world.relay('https://login.example');
  return Promise.resolve();
}

const restrictedTo = (aaguid: string): object => ({
  fido2: { state: 'enabled', keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [aaguid] } },
});

beforeEach(() => {
  world = new World();
});

describe('before the key is asked', () => {
  it.each([
    ['policy.state', { fido2: { state: 'disabled' } }],
    ['policy.selfService', { fido2: { isSelfServiceRegistrationAllowed: false } }],
    ['policy.valid', { fido2: { state: 'perhaps' } }],
    ['policy.algorithm', { algorithms: [-257] }],
  ])('refuses a registration by %s without a word to the host', async (id, site) => {
    await withPolicy(site);
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    const prompt = await world.prompts.until();
    const view = await prompt.state('failed');
    expect(view.ceremony).toMatchObject({ reason: 'refusedByPolicy' });
    expect(view.failedChecks?.map((check) => check.id)).toEqual([id]);
    expect(world.ceremonies.items).toEqual([]);
  });

  it('tells the host which models are allowed, and asks for verification', async () => {
    await withPolicy({ ...restrictedTo(MODEL), userVerification: 'required' });
    expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    expect(world.ceremonies.items[0]?.params).toMatchObject({
      userVerification: 'required',
      requirements: { aaguids: [{ type: 'allow', aaguids: [MODEL.replaceAll('-', '')] }] },
    });
  });

  it('does not pass on that a site would rather have no attestation where attestation is enforced', async () => {
    await withPolicy({ fido2: { isAttestationEnforced: true } });
    await page.create(creationOptions({ attestation: 'direct', attestationFormats: ['none', 'packed'] }));
    expect(world.ceremonies.items[0]?.params).toMatchObject({ attestationFormats: ['packed'] });
  });

  it('shows why when the host holds a key back', async () => {
    await withPolicy(restrictedTo(OTHER));
    world.behaviour.register = () => Promise.resolve(failure({ reason: 'refusedByPolicy', message: 'The policy does not allow keys of this model.' }));
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    const view = await (await world.prompts.until()).state('failed');
    expect(view.failedChecks).toMatchObject([{ id: 'policy.keyRestrictions' }]);
  });
});

describe('on the response', () => {
  it('holds back what the policy refuses, although the verifier accepts it', async () => {
    await withPolicy(restrictedTo(OTHER));
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    const view = await (await world.prompts.until()).state('failed');
    expect(view.ceremony).toMatchObject({ reason: 'refusedByPolicy' });
    expect(view.failedChecks?.map((check) => check.id)).toEqual(['policy.keyRestrictions']);
  });

  it('lets it pass with a note where the policy only warns, and asks nothing of the host', async () => {
    await withPolicy({ ...restrictedTo(OTHER), mode: 'warn' });
    expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    expect(world.ceremonies.items[0]?.params).not.toHaveProperty('requirements');
    const { views } = world.popup();
    const view = await views.until(({ ceremonies }) => ceremonies.length > 0);
    expect(view.ceremonies[0]).toMatchObject({ outcome: 'succeeded', verdict: 'refused', failedChecks: [{ id: 'policy.keyRestrictions' }] });
  });

  it('does not judge where the policy is off', async () => {
    await withPolicy({ ...restrictedTo(OTHER), mode: 'off' });
    expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
  });

  it('refuses self attestation where attestation is enforced, and asks the metadata', async () => {
    await withPolicy({ fido2: { isAttestationEnforced: true } });
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    const view = await (await world.prompts.until()).state('failed');
    expect(view.failedChecks?.map((check) => check.id)).toEqual(['policy.attestation']);
    expect(world.inputs).toContainEqual({ method: 'metadata.lookup', params: { aaguid: MODEL.replaceAll('-', ''), keyIdentifiers: [], waits: true } });
  });

  it('judges the model at sign-in, too', async () => {
    await start();
    expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    world.platform.changeManaged({ policy: { sites: [{ rpIds: ['login.example'], ...restrictedTo(OTHER) }] } });
    await expect.poll(async () => (await page.get(requestOptions())).ok).toBe(false);
    const view = await (await world.prompts.until(({ views }) => views.items.some(({ kind }) => kind === 'authentication'))).state('failed');
    expect(view.failedChecks?.map((check) => check.id)).toEqual(['policy.keyRestrictions']);
  });
});

describe('the credential of a refused registration', () => {
  it('can be removed from the key in the prompt, with the PIN where the key wants it', async () => {
    await withPolicy(restrictedTo(OTHER));
    world.deletions.push({ outcome: 'pinNeeded', pinRetries: 8 }, { outcome: 'pinInvalid', pinRetries: 7 });
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    const prompt = await world.prompts.until();
    await prompt.views.until(({ deletion }) => deletion?.state === 'offered');
    void prompt.requester.request('prompt.deleteCredential', {});
    await prompt.views.until(({ deletion }) => deletion?.state === 'needsPin' && deletion.isPinWrong !== true);
    void prompt.requester.request('prompt.deleteCredential', { pin: '1111' });
    await prompt.views.until(({ deletion }) => deletion?.isPinWrong === true && deletion.pinRetries === 7);
    void prompt.requester.request('prompt.deleteCredential', { pin: '2222' });
    await prompt.views.until(({ deletion }) => deletion?.state === 'deleted');
    const sent = world.inputs.filter(({ method }) => method === 'credential.delete').map(({ params }) => params as { credentialId: string; pin?: string });
    expect(new Set(sent.map(({ credentialId }) => credentialId)).size).toBe(1);
    expect(sent.map(({ pin }) => pin)).toEqual([undefined, '1111', '2222']);
    expect(world.platform.everythingKept()).not.toMatch(/1111|2222/);
  });

  it.each(['notSupported', 'notFound'] as const)('says so when the key cannot remove it: %s', async (outcome) => {
    await withPolicy(restrictedTo(OTHER));
    world.deletions.push({ outcome });
    await page.create(creationOptions());
    const prompt = await world.prompts.until();
    await prompt.views.until(({ deletion }) => deletion?.state === 'offered');
    void prompt.requester.request('prompt.deleteCredential', {});
    await prompt.views.until(({ deletion }) => deletion?.state === outcome);
  });

  it.each([
    ['attestationObject.form', Uint8Array.of(0xa0)],
    ['attestationObject.form', new Uint8Array()],
    ['authenticatorData.form', encodeCbor(new Map<CborValue, CborValue>([['fmt', 'none'], ['attStmt', new Map()], ['authData', new Uint8Array(37)]]))],
  ])('is told of where the answer does not name it (%s), in every mode', async (id, attestationObject) => {
    for (const mode of ['enforce', 'off']) {
      world = new World();
      await withPolicy({ mode });
      world.behaviour.register = ({ params, context }) =>
        world.presence(params.promptVisible, context).then(() => success({ attestationObject: encodeBase64url(attestationObject), transports: [], discoverable: true }));
      expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
      const view = await (await world.prompts.until()).state('failed');
      expect(view).toMatchObject({ ceremony: { reason: 'refused' }, deletion: { state: 'unknown' }, failedChecks: [{ id }] });
      const summary = await world.popup().views.until(({ ceremonies }) => ceremonies.length > 0);
      expect(summary.ceremonies[0]).toMatchObject({ outcome: 'failed', verdict: 'refused', failedChecks: [{ id }] });
    }
  });

  it('is not offered where the key keeps none, and nothing says that it might', async () => {
    await start();
    const { register } = world.behaviour;
    world.behaviour.register = async (ceremony) => {
      const answer = await register(ceremony);
      return answer.ok ? success({ ...answer.value, discoverable: false }) : answer;
    };
    world.key.userVerified = false;
    expect(await page.create(creationOptions({ authenticatorSelection: { userVerification: 'required' } }))).toMatchObject(NOT_ALLOWED);
    const view = await (await world.prompts.until()).state('failed');
    expect(view).not.toHaveProperty('deletion');
  });

  it('is not offered for one that was there before: known here, or named by the site', async () => {
    await start();
    expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    await expect.poll(() => world.platform.local.items.has('credentials:login.example')).toBe(true);
    world.key.reusedId = world.key.credentials[0]?.id;
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    const again = await world.prompts.items.at(-1)?.state('failed');
    expect(again?.failedChecks?.map(({ id }) => id)).toEqual(['credential.isNew']);
    expect(again).not.toHaveProperty('deletion');

    // A broken key may answer with an ID that it was given in the list.
    const listed = new Uint8Array(32).fill(7);
    world.key.reusedId = listed;
    world.key.forgesSignatures = true;
    const excludeCredentials = [{ type: 'public-key', id: encodeBase64url(listed) }];
    expect(await page.create(creationOptions({ excludeCredentials }))).toMatchObject(NOT_ALLOWED);
    const named = await world.prompts.items.at(-1)?.state('failed');
    expect(named?.failedChecks?.map(({ id }) => id)).toEqual(['attestation.packed.signature']);
    expect(named).not.toHaveProperty('deletion');
  });

  it('is not offered where nothing was made', async () => {
    await withPolicy({ fido2: { state: 'disabled' } });
    await page.create(creationOptions());
    const view = await (await world.prompts.until()).state('failed');
    expect(view).not.toHaveProperty('deletion');
  });
});

describe('where the policy comes from', () => {
  it('goes on to count while a starting browser has not delivered it yet', async () => {
    await withPolicy({ fido2: { state: 'disabled' } });
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    const kept = world.platform.local;
    world = new World();
    for (const [key, value] of kept.items) world.platform.local.items.set(key, value);
    await start();
    expect(await page.create(creationOptions())).toMatchObject(NOT_ALLOWED);
    expect(world.ceremonies.items).toEqual([]);
  });

  describe('right after a forced installation', () => {
    const refusing = { policy: { sites: [{ rpIds: ['login.example'], fido2: { state: 'disabled' } }] } };

    it('holds registrations until the first delivery', async () => {
      world.platform.isForced = true;
      await start();
      const answer = page.create(creationOptions());
      // A sign-in does not wait, and is through before the policy comes.
      expect(await page.get(requestOptions({ rpId: 'other.example' }))).toMatchObject({ ok: false });
      expect(world.ceremonies.items).toEqual([]);
      world.platform.changeManaged(refusing);
      expect(await answer).toMatchObject(NOT_ALLOWED);
      expect(world.ceremonies.items).toEqual([]);
    });

    it('holds them no longer than the deadline, and not at the next start', async () => {
      world.platform.isForced = true;
      world.policyTimes = { grace: 10, firstDelivery: 10 };
      await start();
      expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
      await expect.poll(() => world.platform.local.items.get('lastPolicy')).toBe('null');
      const { items } = world.platform.local;
      world = new World();
      for (const [key, value] of items) world.platform.local.items.set(key, value);
      world.platform.isForced = true;
      world.policyTimes = { grace: 3_600_000, firstDelivery: 3_600_000 };
      await start();
      expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    });

    it('does not hold those of an extension that a user installed', async () => {
      world.policyTimes = { grace: 3_600_000, firstDelivery: 3_600_000 };
      await start();
      expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    });
  });

  it('tells the popup where it is wrong', async () => {
    await withPolicy({ fido2: { keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: ['nonsense'] } } });
    const view = await world.popup().views.until(({ managedProblems }) => managedProblems.length > 0);
    expect(view.managedProblems).toEqual([{ path: 'policy: sites[0].fido2.keyRestrictions.aaGuids[0]', detail: 'has to be an AAGUID' }]);
  });

  it('leaves other sites alone', async () => {
    await withPolicy({ fido2: { state: 'disabled' } });
    const other = world.relay('https://other.example');
    expect(await other.create(creationOptions({ rp: { id: 'other.example', name: 'Other' } }))).toMatchObject(CREDENTIAL);
  });
});

describe('credentials whose registration was not seen', () => {
  it('are known after two signatures, and a third by another key is refused', async () => {
    await start();
    expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    // Forgotten, as if it had been registered elsewhere.
    await expect.poll(() => world.platform.local.items.has('credentials:login.example')).toBe(true);
    const { key } = world;
    world = new World();
    Object.assign(world.key, { credentials: key.credentials });
    await start();
    for (let round = 1; round <= 2; round += 1) {
      expect(await page.get(requestOptions())).toMatchObject(CREDENTIAL);
      await expect.poll(() => world.platform.local.items.get('learned:login.example') ?? '').toContain(`"isConfirmed":${(round === 2).toString()}`);
    }
    expect(await page.get(requestOptions())).toMatchObject(CREDENTIAL);
    const { views } = world.popup();
    const view = await views.until(({ ceremonies }) => ceremonies.length === 3);
    expect(view.ceremonies.map(({ verdict }) => verdict)).toEqual(['accepted', 'unverifiable', 'unverifiable']);
    world.key.forgesSignatures = true;
    expect(await page.get(requestOptions())).toMatchObject(NOT_ALLOWED);
  });
});

describe('known credentials in the popup', () => {
  it('are listed, exported, forgotten, and taken up again', async () => {
    await start();
    expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
    const { requester } = world.popup();
    const list = async (): Promise<{ registered: { rpId: string; credentialId: string }[]; learned: unknown[] }> => {
      const answer = await requester.request('popup.knownCredentials', { from: 0 });
      if (!answer.ok) throw new Error('The popup got no list.');
      return answer.value;
    };
    await expect.poll(async () => (await list()).registered.length).toBe(1);
    const exported = await list();
    const [first] = exported.registered;
    expect(first).toMatchObject({ rpId: 'login.example', publicKey: expect.any(String) as string });
    await requester.request('popup.forgetCredential', { rpId: 'login.example', credentialId: first?.credentialId ?? '' });
    expect((await list()).registered).toEqual([]);
    expect(await requester.request('popup.importCredentials', { credentials: exported })).toEqual({ ok: true, value: { added: 1 } });
    expect(await requester.request('popup.importCredentials', { credentials: exported })).toEqual({ ok: true, value: { added: 0 } });
    expect(await list()).toEqual(exported);
    expect(await requester.request('popup.importCredentials', { credentials: { registered: 7 } })).toMatchObject({ ok: false });
  });
});
