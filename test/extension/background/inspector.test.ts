import { beforeEach, describe, expect, it } from 'vitest';

import { verifyFile } from '../../../native-host/verify/verify-file.ts';
import type { CeremonyDetail } from '../../../shared/wire/inspector.ts';
import type { CeremonySummary } from '../../../shared/wire/ui.ts';
import { base64url, creationOptions, requestOptions, type Relay, World } from './support/world.ts';

const ORIGIN = 'https://login.example';
const MODEL = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const SECRET = base64url('a secret of the site: 32 bytes!!');

let world: World;
let page: Relay;

beforeEach(() => {
  world = new World().withHost().start();
  page = world.relay(ORIGIN);
});

/** The list once `count` ceremonies in it have details. */
async function listed(count: number): Promise<readonly CeremonySummary[]> {
  const { views } = world.popup();
  return (await views.until(({ ceremonies }) => ceremonies.filter(({ detail }) => detail !== undefined).length === count)).ceremonies;
}

async function detailOf(id: string | undefined): Promise<CeremonyDetail> {
  const answer = await world.popup().requester.request('popup.ceremonyDetail', { id: id ?? '' });
  if (!answer.ok) throw new Error('There are no details.');
  return answer.value;
}

async function newest(count = 1): Promise<CeremonyDetail> {
  return detailOf((await listed(count))[0]?.id);
}

async function judgedAgain(detail: CeremonyDetail): Promise<unknown> {
  const judged = await verifyFile(JSON.stringify(detail.inspection?.recording), Date.now());
  if (!judged.ok) throw new Error(judged.error);
  return { verdict: judged.value.results[0]?.verdict, failed: judged.value.results[0]?.failed, notJudged: judged.value.notJudged };
}

function failedIn({ inspection }: CeremonyDetail): readonly string[] {
  return (inspection?.checks ?? []).filter(({ id, state }) => state === 'fail' && !id.startsWith('policy.')).map(({ id }) => id);
}

describe('the details of a ceremony', () => {
  it('tell a registration: checks, model, attestation, flags, client data, options and times', async () => {
    world.metadata = { status: { state: 'none', detail: 'No metadata is set up.' }, name: 'Example Key 5' };
    await page.create(creationOptions({ attestation: 'none' }));
    const detail = await newest();
    expect(detail.inspection).toMatchObject({
      verdict: 'accepted',
      aaguid: MODEL,
      model: 'Example Key 5',
      // The page did not want it, and did not get it; the key gave it.
      attestation: { fmt: 'packed', type: 'self', isTrusted: false, certificates: [] },
      authenticatorData: { flags: 0x45, signCount: 1 },
    });
    expect(JSON.parse(detail.inspection?.clientData ?? '')).toMatchObject({ type: 'webauthn.create', origin: ORIGIN });
    expect(detail.inspection?.checks).toContainEqual({
      id: 'clientData.challenge',
      spec: 'WebAuthn L3 §7.1 step 8',
      state: 'pass',
      detail: 'It is the challenge that was sent.',
    });
    expect(JSON.parse(detail.options)).toMatchObject({ user: { name: 'ada@login.example' } });
    expect(detail.timeline.map(({ step }) => step)).toEqual(['promptVisible', 'answered', 'judged']);
    expect(detail.timeline.every(({ at }, index, all) => at >= (all[index - 1]?.at ?? 0))).toBe(true);
  });

  it('tell a sign-in, with the model of its registration', async () => {
    world.metadata = { status: { state: 'none', detail: 'No metadata is set up.' }, name: 'Example Key 5' };
    await page.create(creationOptions());
    await expect.poll(() => world.platform.local.items.has('credentials:login.example')).toBe(true);
    await page.get(requestOptions());
    const detail = await newest(2);
    expect(detail.inspection).toMatchObject({ verdict: 'accepted', aaguid: MODEL, model: 'Example Key 5', authenticatorData: { flags: 0x05, signCount: 2 } });
    expect(detail.inspection).not.toHaveProperty('attestation');
  });

  it('hold the policy’s findings beside the verifier’s own verdict', async () => {
    world.platform.changeManaged({ policy: { sites: [{ rpIds: ['login.example'], mode: 'warn', algorithms: [-257] }] } });
    await expect.poll(async () => {
      await page.create(creationOptions());
      return (await newest((await world.popup().views.until()).ceremonies.length)).inspection?.checks.at(-1)?.id;
    }).toBe('policy.algorithm');
    const [summary] = await listed((await world.popup().views.until()).ceremonies.length);
    expect(summary).toMatchObject({ verdict: 'refused' });
    expect((await detailOf(summary?.id)).inspection).toMatchObject({ verdict: 'accepted' });
  });

  it('are there without an answer of a key, too', async () => {
    await page.create(creationOptions({ rp: { id: 'other.example', name: 'Other' } }));
    const detail = await newest();
    expect(detail.timeline).toEqual([]);
    expect(detail.options).toContain('other.example');
    expect(detail).not.toHaveProperty('inspection');
  });

  it('survive the worker, and end with the list', async () => {
    await page.create(creationOptions());
    const detail = await newest();
    await expect.poll(() => world.platform.session.items.get('ceremonies') ?? '').toContain('"detail":0');
    const { items } = world.platform.session;
    world = new World().withHost();
    for (const [key, value] of items) world.platform.session.items.set(key, value);
    world.start();
    expect(await newest()).toEqual(detail);
    const { requester } = world.popup();
    await requester.request('popup.clearCeremonies', {});
    expect(await requester.request('popup.ceremonyDetail', { id: detail.id })).toMatchObject({ ok: false });
    await expect.poll(() => [...world.platform.session.items.values()].join()).not.toContain(detail.id);
  });

  it('are kept of the newest twenty', async () => {
    for (let index = 0; index < 25; index += 1) await page.get(requestOptions({ rpId: `n${index.toString()}.other.example` }));
    const all = await (async () => {
      const { views } = world.popup();
      return (await views.until(({ ceremonies }) => ceremonies.length === 25 && ceremonies[0]?.detail !== undefined)).ceremonies;
    })();
    expect(all.filter(({ detail }) => detail !== undefined)).toEqual(all.slice(0, 20));
    expect((await detailOf(all[0]?.id)).options).toContain('n24.other.example');
    expect((await detailOf(all[19]?.id)).options).toContain('n5.other.example');
    expect([...world.platform.session.items.keys()].filter((key) => key.startsWith('ceremonyDetail')).length).toBe(20);
  });

  it('of a private window, and of a site that is left to the browser, are not kept', async () => {
    await world.relay(ORIGIN, { tab: { id: 8, windowId: 4, incognito: true } }).create(creationOptions());
    await world.popup().requester.request('popup.setPaused', { paused: true });
    await page.create(creationOptions());
    const { views } = world.popup();
    expect((await views.until(({ ceremonies }) => ceremonies.length === 1)).ceremonies[0]).toMatchObject({ outcome: 'standAside' });
    await expect.poll(() => [...world.platform.session.items.keys()]).toEqual(['ceremonies']);
  });

  it('hold no secrets of extensions', async () => {
    const extensions = { prf: { eval: { first: SECRET } }, credBlob: SECRET, largeBlob: { support: 'preferred' } };
    world.behaviour.register = async ({ params, context }) => {
      await world.presence(params.promptVisible, context);
      return { ok: true, value: { ...world.key.register(params), extensions: { hmacSecret: true, prf: { first: SECRET } } } };
    };
    expect(await page.create(creationOptions({ extensions }))).toMatchObject({
      value: { credential: { clientExtensionResults: { prf: { results: { first: SECRET } } } } },
    });
    const detail = await newest();
    expect(JSON.stringify(detail)).not.toContain(SECRET);
    expect(detail.options).toContain(`(${SECRET.length.toString()} characters, not kept)`);
    expect(detail.options).toContain('"support": "preferred"');
    expect(await judgedAgain(detail)).toMatchObject({ verdict: 'accepted' });
  });

  it('stay within their size, whatever the page sends', async () => {
    const excludeCredentials = Array.from({ length: 64 }, (_, index) => ({ type: 'public-key', id: base64url(`${index.toString()}${'x'.repeat(1000)}`) }));
    await page.create(creationOptions({ excludeCredentials }));
    const detail = await newest();
    expect(detail).toMatchObject({ areOptionsCut: true, inspection: { verdict: 'accepted' } });
    expect(JSON.stringify(detail).length).toBeLessThanOrEqual(65_536);
    const allowCredentials = [...excludeCredentials.slice(1), { type: 'public-key', id: (JSON.parse(JSON.stringify(detail)) as CeremonyDetail).inspection?.recording?.['response'] }]
      .map((entry) => (typeof entry.id === 'string' ? entry : { ...entry, id: (entry.id as { id: string }).id }));
    await page.get(requestOptions({ allowCredentials }));
    const signIn = await newest(2);
    expect(signIn.inspection?.verdict).toBe('accepted');
    // An export that would be judged by a part of the list is none.
    expect(signIn.inspection).not.toHaveProperty('recording');
  });
});

describe('a copied ceremony, judged by keystile verify', () => {
  it('a registration and a sign-in are accepted again', async () => {
    await page.create(creationOptions());
    const registered = await newest(1);
    expect(await judgedAgain(registered)).toEqual({ verdict: 'accepted', failed: [], notJudged: [] });
    await page.get(requestOptions());
    expect(await judgedAgain(await newest(2))).toEqual({ verdict: 'accepted', failed: [], notJudged: [] });
  });

  it('what was refused is refused for the same reasons', async () => {
    world.key.forgesSignatures = true;
    world.key.userVerified = false;
    await page.create(creationOptions({ authenticatorSelection: { userVerification: 'required' } }));
    const registered = await newest(1);
    expect(failedIn(registered)).toEqual(['authenticatorData.userVerified', 'attestation.packed.signature']);
    expect(await judgedAgain(registered)).toEqual({ verdict: 'refused', failed: failedIn(registered), notJudged: [] });
    await page.get(requestOptions());
    const signIn = await newest(2);
    expect(signIn.inspection?.verdict).toBe('refused');
    expect(await judgedAgain(signIn)).toEqual({ verdict: 'refused', failed: failedIn(signIn), notJudged: [] });
  });

  it('a credential that was there already is refused again', async () => {
    const first = world.key.register.bind(world.key);
    let made: ReturnType<typeof first> | undefined;
    world.behaviour.register = async ({ params, context }) => {
      await world.presence(params.promptVisible, context);
      made ??= first(params);
      return { ok: true, value: made };
    };
    await page.create(creationOptions());
    await expect.poll(() => world.platform.local.items.has('credentials:login.example')).toBe(true);
    await page.create(creationOptions());
    const detail = await newest(2);
    expect(failedIn(detail)).toContain('credential.isNew');
    expect(await judgedAgain(detail)).toEqual({ verdict: 'refused', failed: failedIn(detail), notJudged: [] });
  });

  it('an unknown credential is unverifiable again', async () => {
    await page.create(creationOptions());
    await expect.poll(() => world.platform.local.items.has('credentials:login.example')).toBe(true);
    const { key } = world;
    world = new World().withHost().start();
    page = world.relay(ORIGIN);
    Object.assign(world.key, { credentials: key.credentials });
    await page.get(requestOptions());
    expect(await judgedAgain(await newest())).toEqual({ verdict: 'unverifiable', failed: [], notJudged: [] });
  });

  it('a request in a frame of another site is judged as one', async () => {
    await page.create(creationOptions());
    await expect.poll(() => world.platform.local.items.has('credentials:login.example')).toBe(true);
    world.platform.frameTrees.set(7, [
      { frameId: 0, parentFrameId: -1, url: 'https://top.example/' },
      { frameId: 5, parentFrameId: 0, url: `${ORIGIN}/login` },
    ]);
    await world.relay(ORIGIN, { frameId: 5 }).get(requestOptions());
    const detail = await newest(2);
    expect(detail.inspection?.recording).toMatchObject({ expected: { allowCrossOrigin: true, topOrigin: 'https://top.example' } });
    expect(await judgedAgain(detail)).toEqual({ verdict: 'accepted', failed: [], notJudged: [] });
  });
});
