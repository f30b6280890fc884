import { generateKeyPairSync } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import type { CredentialRecord } from '../../../shared/verifier/credential-record.ts';
import type { LearnedCredential } from '../../../shared/verifier/learned-key.ts';
import type { ResultOf } from '../../../shared/wire/hop.ts';
import type { Requester } from '../../../shared/wire/requester.ts';
import type { PopupHop } from '../../../shared/wire/ui.ts';
import { coseKeyOf } from './support/software-key.ts';
import { base64url, creationOptions, requestOptions, type Relay, World } from './support/world.ts';

const CREDENTIAL = { ok: true, value: { outcome: 'credential' } };
const REFUSED = { ok: false, error: { kind: 'error', error: { name: 'NotAllowedError' } } };
const NONE = { registered: [], learned: [] };

/** A sound ES256 key of nobody's. */
const OTHER_KEY = encodeBase64url(coseKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey));

type List = Pick<ResultOf<PopupHop, 'popup.knownCredentials'>, 'registered' | 'learned'>;

let world: World;
let page: Relay;
let popup: Requester<PopupHop>;

function start(next: World): void {
  world = next.withHost().start();
  page = world.relay('https://login.example');
  popup = world.popup().requester;
}

/** The background after a restart of the browser. */
function restart(): void {
  const { key, platform } = world;
  const next = new World();
  for (const [name, value] of platform.local.items) next.platform.local.items.set(name, value);
  Object.assign(next.key, { credentials: key.credentials });
  start(next);
}

/** Everything that is known, in as many parts as it takes. */
async function list(): Promise<List> {
  const all: { registered: List['registered']; learned: List['learned'] } = { registered: [], learned: [] };
  for (let from: number | undefined = 0; from !== undefined; ) {
    const answer: Awaited<ReturnType<typeof popup.request<'popup.knownCredentials'>>> = await popup.request('popup.knownCredentials', { from });
    if (!answer.ok) throw new Error('The popup got no list.');
    all.registered.push(...answer.value.registered);
    all.learned.push(...answer.value.learned);
    from = answer.value.next;
  }
  return all;
}

async function register(): Promise<CredentialRecord> {
  expect(await page.create(creationOptions())).toMatchObject(CREDENTIAL);
  await expect.poll(async () => (await list()).registered.length).toBe(1);
  const [record] = (await list()).registered;
  return record as unknown as CredentialRecord;
}

function record(name: string, change: Partial<CredentialRecord> = {}): CredentialRecord {
  return {
    credentialId: base64url(name),
    publicKey: OTHER_KEY,
    algorithm: -7,
    signCount: 0,
    backupEligible: false,
    backupState: false,
    userVerified: true,
    aaguid: 'AAAAAAAAAAAAAAAAAAAAAA',
    attestationFormat: 'none',
    rpId: 'login.example',
    userHandle: 'dXNlcg',
    transports: ['usb'],
    createdAt: 1,
    ...change,
  };
}

function learnedRecord(name: string, change: Partial<LearnedCredential> = {}): LearnedCredential {
  return {
    credentialId: base64url(name),
    rpId: 'login.example',
    candidates: [OTHER_KEY],
    isConfirmed: true,
    signCount: 9,
    backupEligible: true,
    backupState: true,
    learnedAt: 1,
    ...change,
  };
}

function records(count: number, rpId: (index: number) => string = () => 'login.example'): CredentialRecord[] {
  return Array.from({ length: count }, (_, index) => record(`credential ${index.toString()}`, { rpId: rpId(index) }));
}

function take(credentials: unknown): ReturnType<typeof popup.request<'popup.importCredentials'>> {
  return popup.request('popup.importCredentials', { credentials });
}

beforeEach(() => {
  start(new World());
});

describe('forgetting', () => {
  it('leaves no trace of the site', async () => {
    const { credentialId } = await register();
    await popup.request('popup.forgetCredential', { rpId: 'login.example', credentialId });
    expect(await list()).toEqual(NONE);
    expect(JSON.stringify([...world.platform.local.items])).not.toContain('login.example');
  });

  it('keeps the other credentials of the site, and the other sites', async () => {
    const mine = await register();
    await take({ registered: [record('another'), record('elsewhere', { rpId: 'other.example' })], learned: [] });
    await popup.request('popup.forgetCredential', { rpId: 'login.example', credentialId: mine.credentialId });
    expect((await list()).registered.map(({ credentialId }) => credentialId)).toEqual([base64url('another'), base64url('elsewhere')]);
  });
});

describe('an import', () => {
  it('pushes out nothing that is known, however much it brings', async () => {
    const mine = await register();
    expect(await take({ registered: records(300), learned: [] })).toEqual({ ok: true, value: { added: 255 } });
    const { registered } = await list();
    expect(registered).toHaveLength(256);
    expect(registered).toContainEqual(mine);
  });

  it('does not change what is known', async () => {
    const mine = await register();
    const other = { ...mine, publicKey: OTHER_KEY, signCount: 4_000_000_000 };
    const learned = learnedRecord('', { credentialId: mine.credentialId });
    expect(await take({ registered: [other], learned: [learned] })).toEqual({ ok: true, value: { added: 0 } });
    expect(await list()).toEqual({ registered: [mine], learned: [] });
    expect(await page.get(requestOptions())).toMatchObject(CREDENTIAL);
  });

  it('takes what is in order out of a damaged file', async () => {
    const bad = [null, 7, [], {}, { ...record('a'), signCount: -1 }, { ...record('b'), credentialId: 'not base64url!' }, { ...record('c'), rpId: 'x'.repeat(255) }];
    expect(await take({ registered: [...bad, record('good'), record('good')], learned: bad, more: true })).toEqual({ ok: true, value: { added: 1 } });
    expect(await list()).toEqual({ registered: [record('good')], learned: [] });
  });

  it('takes no key that could never verify anything, but one of an algorithm that is not known here', async () => {
    const sound = decodeBase64url(OTHER_KEY) ?? new Uint8Array();
    const offCurve = sound.with(-1, (sound.at(-1) ?? 0) ^ 1);
    const bad = [new Uint8Array(3), offCurve, sound.subarray(0, -1), concatBytes(sound, new Uint8Array(1))].map((key) => encodeBase64url(key));
    const mlDsa44 = encodeBase64url(encodeCbor(new Map<CborValue, CborValue>([[1, 7], [3, -48], [-1, new Uint8Array(1312)]])));
    const seen = [...bad, mlDsa44].map((publicKey, index) => record(`seen ${index.toString()}`, { publicKey }));
    const heard = [...bad, OTHER_KEY].map((key, index) => learnedRecord(`heard ${index.toString()}`, { candidates: [key] }));
    expect(await take({ registered: seen, learned: heard })).toEqual({ ok: true, value: { added: 2 } });
    expect(await list()).toMatchObject({ registered: [{ publicKey: mlDsa44 }], learned: [{ credentialId: base64url('heard 4') }] });
  });

  it.each([
    ['a credential ID that no credential can have', { credentialId: base64url('x'.repeat(1024)) }],
    ['no credential ID', { credentialId: '' }],
  ])('does not take %s', async (_, change) => {
    expect(await take({ registered: [record('x', change)], learned: [] })).toEqual({ ok: true, value: { added: 0 } });
    expect(await list()).toEqual(NONE);
  });

  it('of everything that is kept gives the same, in whatever amount', async () => {
    await register();
    for (const part of [0, 400]) await take({ registered: records(400, (index) => `s${((part + index) % 50).toString()}-${part.toString()}.example`), learned: [] });
    const exported = await list();
    expect(exported.registered).toHaveLength(801);
    start(new World());
    for (let from = 0; from < 801; from += 200) await take({ registered: exported.registered.slice(from, from + 200), learned: [] });
    expect(await list()).toEqual(exported);
    restart();
    expect(await list()).toEqual(exported);
  });

  it('says when there is no room for it, and what is known stays', async () => {
    const mine = await register();
    world.platform.local.refuses = 'set';
    expect(await take({ registered: records(3), learned: [] })).toEqual({ ok: true, value: { added: 0, isUnsaved: true } });
    world.platform.local.refuses = undefined;
    expect(await list()).toEqual({ registered: [mine], learned: [] });
  });
});

describe('a storage that fails', () => {
  it('once loses nothing that is in it', async () => {
    const mine = await register();
    restart();
    world.platform.local.refuses = 'get';
    expect(await page.create(creationOptions({ user: { id: base64url('user-2'), name: 'b', displayName: 'B' } }))).toMatchObject(CREDENTIAL);
    await expect.poll(() => world.faults.join()).toContain('cannot be read');
    world.platform.local.refuses = undefined;
    expect(await page.create(creationOptions({ user: { id: base64url('user-3'), name: 'c', displayName: 'C' } }))).toMatchObject(CREDENTIAL);
    await expect.poll(async () => (await list()).registered.length).toBe(2);
    expect((await list()).registered).toContainEqual(mine);
  });

  it('keeps the counter as it was stored', async () => {
    await register();
    const [before] = (await list()).registered;
    world.platform.local.refuses = 'set';
    expect(await page.get(requestOptions())).toMatchObject(CREDENTIAL);
    await expect.poll(() => world.faults.join()).toContain('quota');
    expect((await list()).registered).toEqual([before]);
  });
});

describe('what was learned', () => {
  async function learnKey(): Promise<LearnedCredential> {
    const { credentialId } = await register();
    await popup.request('popup.forgetCredential', { rpId: 'login.example', credentialId });
    for (const isConfirmed of [false, true]) {
      expect(await page.get(requestOptions())).toMatchObject(CREDENTIAL);
      await expect.poll(async () => (await list()).learned).toMatchObject([{ isConfirmed }]);
    }
    const [learned] = (await list()).learned;
    return learned as unknown as LearnedCredential;
  }

  it('is not changed by an answer that was refused, although the site got it', async () => {
    const next = new World();
    next.platform.managedValues = { policy: { sites: [{ rpIds: ['login.example'], mode: 'warn' }] } };
    start(next);
    const learned = await learnKey();
    // A copy of the key passes with a warning, each time.
    for (const answers of [1, 2]) {
      world.key.signCount = 0;
      expect(await page.get(requestOptions())).toMatchObject(CREDENTIAL);
      const { views } = world.popup();
      const view = await views.until(({ ceremonies }) => ceremonies.length === 3 + answers);
      expect(view.ceremonies[0]).toMatchObject({ verdict: 'refused', failedChecks: [{ id: 'credential.signCount' }] });
    }
    expect((await list()).learned).toEqual([learned]);
  });

  it('gives way to the record of a registration that comes by an import', async () => {
    const { credentialId, candidates } = await learnKey();
    const seen = record('', { credentialId, publicKey: candidates[0] ?? '' });
    expect(await take({ registered: [seen], learned: [] })).toEqual({ ok: true, value: { added: 1 } });
    expect(await list()).toEqual({ registered: [seen], learned: [] });
  });

  it('stands against a record that names another key', async () => {
    const learned = await learnKey();
    expect(await take({ registered: [record('', { credentialId: learned.credentialId })], learned: [] })).toEqual({ ok: true, value: { added: 0 } });
    expect(await list()).toEqual({ registered: [], learned: [learned] });
  });

  it('does not count before two signatures agree, whatever an import says', async () => {
    const { candidates } = await learnKey();
    const [key = ''] = candidates;
    const [known] = (await list()).learned;
    start(new World());
    const doubtful = { ...known, candidates: [key, OTHER_KEY], isConfirmed: true };
    expect(await take({ registered: [], learned: [doubtful] })).toEqual({ ok: true, value: { added: 0 } });
  });

  it('of a key that gives an impossible credential ID is nothing', async () => {
    const { authenticate } = world.behaviour;
    await register();
    world.behaviour.authenticate = async (ceremony) => {
      const answer = await authenticate(ceremony);
      return answer.ok ? { ok: true, value: { ...answer.value, credentialId: base64url('x'.repeat(2000)) } } : answer;
    };
    await page.get(requestOptions());
    const { views } = world.popup();
    await views.until(({ ceremonies }) => ceremonies.length === 2);
    expect((await list()).learned).toEqual([]);
  });

  it('refuses another key under the same ID', async () => {
    await learnKey();
    world.key.forgesSignatures = true;
    expect(await page.get(requestOptions())).toMatchObject(REFUSED);
  });
});
