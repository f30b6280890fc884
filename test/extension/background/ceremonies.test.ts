import { describe, expect, it, vi } from 'vitest';

import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import { parseAttestationObject } from '../../../shared/webauthn/attestation-object.ts';
import { failure } from '../../../shared/bytes/result.ts';
import type { AuthenticationResponseJson, RegistrationResponseJson } from '../../../shared/webauthn/json.ts';
import { base64url, creationOptions, type PromptPage, requestOptions, World } from './support/world.ts';

const ORIGIN = 'https://login.example';
const NOT_ALLOWED = { name: 'NotAllowedError', message: 'The operation either timed out or was not allowed.' };

interface Outcome {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: unknown;
}

function credentialOf(outcome: Outcome): unknown {
  expect(outcome).toMatchObject({ ok: true, value: { outcome: 'credential' } });
  return (outcome.value as { credential: unknown }).credential;
}

function clientDataOf(credential: unknown): unknown {
  const { response } = credential as RegistrationResponseJson | AuthenticationResponseJson;
  return JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString());
}

const pageError = (error: object): object => ({ ok: false, error: { kind: 'error', error } });

/** Waits for what follows the page's answer. */
function settled(condition: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(condition()).toBe(true));
}

describe('a registration and an authentication', () => {
  it('gives the page a credential, keeps its public record, and verifies the next sign-in against it', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN);
    const registered = credentialOf(await relay.create(creationOptions({ extensions: { credProps: true } }))) as RegistrationResponseJson;
    expect(clientDataOf(registered)).toEqual({
      type: 'webauthn.create',
      challenge: base64url('challenge-create'),
      origin: ORIGIN,
      crossOrigin: false,
    });
    expect(registered).toMatchObject({
      type: 'public-key',
      authenticatorAttachment: 'cross-platform',
      response: { transports: ['nfc', 'usb'], publicKeyAlgorithm: -7 },
      clientExtensionResults: { credProps: { rk: true } },
    });
    await settled(() => world.platform.local.items.has('credentials:login.example'));

    const signedIn = credentialOf(await relay.get(requestOptions())) as AuthenticationResponseJson;
    expect(signedIn.id).toBe(registered.id);
    expect(signedIn.response.userHandle).toBe(base64url('user-1'));

    const popup = world.popup();
    const view = await popup.views.until(({ ceremonies }) => ceremonies.length === 2);
    expect(view.ceremonies).toMatchObject([
      { kind: 'authentication', outcome: 'succeeded', verdict: 'accepted', rpId: 'login.example', origin: ORIGIN },
      { kind: 'registration', outcome: 'succeeded', verdict: 'accepted' },
    ]);
    const [record] = JSON.parse(world.platform.local.items.get('credentials:login.example') ?? '[]') as { signCount: number }[];
    expect(record?.signCount).toBe(2);
    expect(world.faults).toEqual([]);
  });

  it.each([
    [[false], 'none'],
    [[false, true], 'packed'],
  ])('an attestation that the user shares by %j reaches the page as %s', async (choices, fmt) => {
    const world = new World().withHost();
    world.promptsBecomeVisible = false;
    const registered = world.start().relay(ORIGIN).create(creationOptions({ attestation: 'direct' }));
    const prompt = await world.prompts.until();
    await prompt.views.until(({ attestation }) => attestation?.conveyance === 'direct' && attestation.shared);
    for (const shared of choices) {
      await prompt.requester.request('prompt.shareAttestation', { shared });
      await prompt.views.until(({ attestation }) => attestation?.shared === shared);
    }
    prompt.visible();
    const { response } = credentialOf(await registered) as RegistrationResponseJson;
    const object = parseAttestationObject(decodeBase64url(response.attestationObject) ?? new Uint8Array());
    expect(object).toMatchObject({ ok: true, value: { fmt } });
  });

  it('a site that asks for no attestation has nothing to share', async () => {
    const world = new World().withHost().start();
    await world.relay(ORIGIN).create(creationOptions({ attestation: 'none' }));
    expect((await world.prompts.until()).views.items.every(({ attestation }) => attestation === undefined)).toBe(true);
  });

  it('answers the page before it closes the prompt and gives the focus back', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN);
    credentialOf(await relay.create(creationOptions()).then((outcome) => {
      expect(world.platform.log).toEqual(['open']);
      return outcome;
    }));
    await settled(() => world.platform.log.length === 3);
    expect(world.platform.log).toEqual(['open', 'close', 'focus 3']);
  });

  it.each([
    ['none', 'none'],
    ['indirect', 'none'],
    ['direct', 'packed'],
    ['enterprise', 'packed'],
  ])('attestation %s reaches the page as %s', async (attestation, fmt) => {
    const world = new World().withHost().start();
    const { response } = credentialOf(await world.relay(ORIGIN).create(creationOptions({ attestation }))) as RegistrationResponseJson;
    const object = parseAttestationObject(decodeBase64url(response.attestationObject) ?? new Uint8Array());
    expect(object).toMatchObject({ ok: true, value: { fmt } });
  });

  it('asks for no presence before the prompt shows the site', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const answer = world.relay(ORIGIN).create(creationOptions());
    const ceremony = await world.ceremonies.until();
    const prompt = await world.prompts.until();
    const view = await prompt.state('waitingForDevice');
    expect(view).toMatchObject({
      origin: ORIGIN,
      site: 'login.example',
      rpId: 'login.example',
      kind: 'registration',
      userName: 'ada@login.example',
      canUseBrowser: true,
    });
    expect(ceremony.params.promptVisible).toBe(false);
    expect(world.key.credentials).toHaveLength(0);
    prompt.visible();
    credentialOf(await answer);
  });

  it('does not forward what the verifier refuses, and the prompt says which check failed', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN);
    credentialOf(await relay.create(creationOptions()));
    await settled(() => world.platform.openWindows.size === 0);
    world.key.forgesSignatures = true;
    const earlier = world.prompts.items.length;
    expect(await relay.get(requestOptions())).toEqual(pageError(NOT_ALLOWED));
    const view = await world.prompts.items[earlier]?.state('failed');
    expect(view?.ceremony).toEqual({ state: 'failed', reason: 'refused' });
    expect(view?.failedChecks?.map(({ id }) => id)).toEqual(['credential.signature']);
    expect(view?.canUseBrowser).toBe(false);
    expect(world.platform.openWindows.size).toBe(1);
  });

  it('refuses a registration without the user verification that was required, and keeps no record', async () => {
    const world = new World().withHost().start();
    world.key.userVerified = false;
    const outcome = await world.relay(ORIGIN).create(creationOptions({ authenticatorSelection: { userVerification: 'required' } }));
    expect(outcome).toEqual(pageError(NOT_ALLOWED));
    await (await world.prompts.until()).state('failed');
    expect(world.platform.local.items.has('credentials:login.example')).toBe(false);
  });

  it('forwards an assertion of a credential whose registration was not seen, as unverifiable', async () => {
    const first = new World().withHost().start();
    await first.relay(ORIGIN).create(creationOptions());
    const world = new World().withHost().start();
    world.key.credentials.push(...first.key.credentials);
    credentialOf(await world.relay(ORIGIN).get(requestOptions()));
    const view = await world.popup().views.until(({ ceremonies }) => ceremonies.length > 0);
    expect(view.ceremonies[0]).toMatchObject({ outcome: 'succeeded', verdict: 'unverifiable' });
  });
});

describe('how a ceremony fails', () => {
  it.each([
    ['credentialExcluded', 'InvalidStateError'],
    ['noCredentials', 'NotAllowedError'],
    ['pinBlocked', 'NotAllowedError'],
    ['keyStoreFull', 'NotAllowedError'],
    ['unsupportedAlgorithm', 'NotAllowedError'],
    ['unsupportedRequirement', 'NotAllowedError'],
    ['deviceRemoved', 'NotAllowedError'],
    ['timeout', 'NotAllowedError'],
    ['invalidParams', 'NotAllowedError'],
  ] as const)('%s is %s for the page and itself for the prompt', async (reason, name) => {
    const world = new World().withHost().start();
    world.behaviour.register = () => Promise.resolve(failure({ reason, message: 'details for nobody' }));
    const outcome = await world.relay(ORIGIN).create(creationOptions());
    expect(outcome).toMatchObject(pageError({ name }));
    const shown = await (await world.prompts.until()).state('failed');
    expect(shown.ceremony).toEqual({ state: 'failed', reason: reason === 'invalidParams' ? 'internal' : reason });
    expect(world.platform.openWindows.size).toBe(1);
  });

  it('the page aborts: answered at once, cancelled at the host, and the next call works', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const relay = world.relay(ORIGIN);
    const abort = new AbortController();
    const aborted = relay.get(requestOptions(), {}, abort.signal);
    const ceremony = await world.ceremonies.until();
    abort.abort();
    expect(await aborted).toEqual(pageError(NOT_ALLOWED));
    expect(ceremony.context.signal.aborted).toBe(true);
    const shown = await (await world.prompts.until()).state('failed');
    expect(shown.ceremony).toEqual({ state: 'failed', reason: 'cancelled' });
    world.promptsBecomeVisible = true;
    credentialOf(await relay.create(creationOptions()));
    await settled(() => world.platform.openWindows.size === 0);
  });

  it('the document goes away: cancelled at the host, and the prompt says so', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const relay = world.relay(ORIGIN);
    void relay.get(requestOptions());
    const ceremony = await world.ceremonies.until();
    relay.connection.disconnect();
    const shown = await (await world.prompts.until()).state('failed');
    expect(shown.ceremony).toEqual({ state: 'failed', reason: 'cancelled' });
    expect(ceremony.context.signal.aborted).toBe(true);
  });

  it.each([
    ['closes the window', (world: World, prompt: PromptPage) => world.platform.closeWindow(prompt.window.id)],
    ['leaves the page of the prompt', (_: World, prompt: PromptPage) => prompt.connection.disconnect()],
    ['cancels', (_: World, prompt: PromptPage) => void prompt.requester.request('prompt.cancel', {})],
  ])('the user %s: NotAllowedError', async (_, act) => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const answer = world.relay(ORIGIN).get(requestOptions());
    const ceremony = await world.ceremonies.until();
    const prompt = await world.prompts.until();
    await prompt.state('waitingForDevice');
    act(world, prompt);
    expect(await answer).toEqual(pageError(NOT_ALLOWED));
    expect(ceremony.context.signal.aborted).toBe(true);
    const view = await world.popup().views.until(({ ceremonies }) => ceremonies.length === 1);
    expect(view.ceremonies[0]).toMatchObject({ outcome: 'failed', reason: 'cancelledByUser' });
  });

  it('time runs out: NotAllowedError, cancelled at the host', async () => {
    const world = new World().withHost().start({ least: 20 });
    world.promptsBecomeVisible = false;
    const answer = world.relay(ORIGIN).get(requestOptions({ timeout: 1 }));
    const ceremony = await world.ceremonies.until();
    expect(ceremony.params.timeout).toBeLessThanOrEqual(20);
    expect(await answer).toEqual(pageError(NOT_ALLOWED));
    expect(ceremony.context.signal.aborted).toBe(true);
    const shown = await (await world.prompts.until()).state('failed');
    expect(shown.ceremony).toEqual({ state: 'failed', reason: 'timeout' });
  });

  it('a page cannot choose a timeout below the recommended range', async () => {
    const world = new World().withHost().start();
    credentialOf(await world.relay(ORIGIN).create(creationOptions({ timeout: 1 })));
    expect(world.ceremonies.items[0]?.params.timeout).toBeGreaterThan(290_000);
  });

  it('with a development host the page’s timeout counts, however short', async () => {
    const world = new World().withHost().start();
    world.behaviour.development = true;
    world.promptsBecomeVisible = false;
    expect(await world.relay(ORIGIN).create(creationOptions({ timeout: 1 }))).toEqual(pageError(NOT_ALLOWED));
  });

  it('a stored minimum shortens the range', async () => {
    const world = new World().withHost();
    await world.platform.local.set('settings', { minimumTimeout: 10 });
    world.start();
    world.promptsBecomeVisible = false;
    expect(await world.relay(ORIGIN).create(creationOptions({ timeout: 1 }))).toEqual(pageError(NOT_ALLOWED));
  });

  it('the host is killed: NotAllowedError at once, and the next call starts it again', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const relay = world.relay(ORIGIN);
    const answer = relay.get(requestOptions());
    await world.ceremonies.until();
    world.hosts[0]?.end('Native host has exited.');
    expect(await answer).toEqual(pageError(NOT_ALLOWED));
    const shown = await (await world.prompts.until()).state('failed');
    expect(shown.ceremony).toEqual({ state: 'failed', reason: 'hostLost' });
    world.promptsBecomeVisible = true;
    credentialOf(await relay.create(creationOptions()));
    expect(world.platform.hostStarts).toBe(2);
  });

  it('no way to a key on this machine: the prompt closes, and the browser gets the call', async () => {
    const world = new World().withHost().start();
    const nothing = (): Promise<never> => Promise.resolve(failure({ reason: 'transportUnavailable', message: '' })) as Promise<never>;
    world.behaviour.authenticate = nothing;
    expect(await world.relay(ORIGIN).get(requestOptions())).toMatchObject({
      ok: true,
      value: { outcome: 'standAside', reason: 'hostUnavailable' },
    });
    expect(world.platform.openWindows.size).toBe(0);
  });

  it('a private window: served, and nothing of it is kept', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN, { tab: { id: 7, windowId: 3, incognito: true } });
    credentialOf(await relay.create(creationOptions()));
    credentialOf(await relay.get(requestOptions()));
    const kept = world.relay('https://kept.example');
    credentialOf(await kept.create(creationOptions({ rp: { id: 'kept.example', name: 'Kept' } })));
    const view = await world.popup().views.until(({ ceremonies }) => ceremonies.length > 0);
    expect(view.ceremonies.map(({ origin }) => origin)).toEqual(['https://kept.example']);
    await settled(() => world.platform.local.items.has('credentials:kept.example'));
    expect([...world.platform.local.items.keys()]).not.toContain('credentials:login.example');
  });

  it('a host whose news cannot be read is ended at once, and the next call starts it again', async () => {
    const world = new World().withHost().start();
    world.behaviour.authenticate = ({ context }) => {
      context.emit({ event: 'ceremony.state', data: { state: 'unheardOf' } as never });
      return new Promise(() => undefined);
    };
    const relay = world.relay(ORIGIN);
    expect(await relay.get(requestOptions())).toEqual(pageError(NOT_ALLOWED));
    expect(world.hosts[0]?.isClosed).toBe(true);
    credentialOf(await relay.create(creationOptions()));
  });

  it('a host that does not let go of a cancelled ceremony is ended', async () => {
    const world = new World().withHost().start();
    world.behaviour.authenticate = () => new Promise(() => undefined);
    const relay = world.relay(ORIGIN);
    const abort = new AbortController();
    const aborted = relay.get(requestOptions(), {}, abort.signal);
    await world.ceremonies.until();
    abort.abort();
    expect(await aborted).toEqual(pageError(NOT_ALLOWED));
    credentialOf(await relay.create(creationOptions()));
    expect(world.hosts[0]?.isClosed).toBe(true);
    expect(world.platform.hostStarts).toBe(2);
  });

  it('the browser opens no window: NotAllowedError', async () => {
    const world = new World().withHost().start();
    world.platform.refusesWindows = true;
    expect(await world.relay(ORIGIN).get(requestOptions())).toEqual(pageError(NOT_ALLOWED));
    expect(world.faults).toHaveLength(1);
  });

  it('the page of the window does not load: NotAllowedError, the window is closed, and the next call works', async () => {
    const world = new World().withHost().start();
    world.promptsStayEmpty = true;
    const relay = world.relay(ORIGIN);
    expect(await relay.create(creationOptions())).toEqual(pageError(NOT_ALLOWED));
    await settled(() => world.platform.openWindows.size === 0);
    world.promptsStayEmpty = false;
    credentialOf(await relay.create(creationOptions()));
  });

  it('the place that was chosen for the window is outside the screen: the browser chooses one', async () => {
    const world = new World().withHost().start();
    world.platform.refusesPositions = true;
    credentialOf(await world.relay(ORIGIN).create(creationOptions()));
    expect(world.prompts.items[0]?.window.at).toBeUndefined();
  });
});

describe('"use the browser instead"', () => {
  it('frees the key, closes the prompt and brings the page to the front before the page is answered', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const answer = world.relay(ORIGIN).get(requestOptions());
    const ceremony = await world.ceremonies.until();
    const prompt = await world.prompts.until();
    await prompt.state('waitingForDevice');
    void prompt.requester.request('prompt.useBrowser', {});
    expect(await answer).toEqual({ ok: true, value: { outcome: 'standAside', reason: 'chosenByUser' } });
    expect(ceremony.context.signal.aborted).toBe(true);
    expect(world.platform.log).toEqual(['open', 'close', 'activate 7', 'focus 3']);
  });
});

describe('several requests', () => {
  it('a second one of the same document is an OperationError, and the first goes on', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const relay = world.relay(ORIGIN);
    const first = relay.create(creationOptions());
    const prompt = await world.prompts.until();
    expect(await relay.get(requestOptions())).toEqual(pageError({ name: 'OperationError', message: 'Another request is already pending.' }));
    prompt.visible();
    credentialOf(await first);
  });

  it('one of another tab waits for its turn, and no answer goes to the wrong page', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const other = world.relay('https://other.example', { tab: { id: 8, windowId: 3 } });
    const first = world.relay(ORIGIN).create(creationOptions());
    const firstPrompt = await world.prompts.until();
    const second = other.create(creationOptions({ rp: { id: 'other.example', name: 'Other' }, challenge: base64url('second') }));
    await world.ceremonies.until();
    expect(world.ceremonies.items).toHaveLength(1);
    world.promptsBecomeVisible = true;
    firstPrompt.visible();
    expect(clientDataOf(credentialOf(await first))).toMatchObject({ origin: ORIGIN });
    expect(clientDataOf(credentialOf(await second))).toMatchObject({ origin: 'https://other.example', challenge: base64url('second') });
    await settled(() => world.platform.openWindows.size === 0);
  });

  it('one that waits can be aborted without a trace', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const first = world.relay(ORIGIN).create(creationOptions());
    const prompt = await world.prompts.until();
    const abort = new AbortController();
    const waiting = world.relay(ORIGIN).get(requestOptions(), {}, abort.signal);
    const third = world.relay(ORIGIN).create(creationOptions());
    abort.abort();
    expect(await waiting).toEqual(pageError(NOT_ALLOWED));
    expect(world.prompts.items).toHaveLength(1);
    world.promptsBecomeVisible = true;
    prompt.visible();
    credentialOf(await first);
    credentialOf(await third);
  });

  it('one that waits has its own deadline', async () => {
    const world = new World().withHost().start({ least: 20 });
    world.promptsBecomeVisible = false;
    void world.relay(ORIGIN).create(creationOptions());
    await world.prompts.until();
    expect(await world.relay(ORIGIN).get(requestOptions({ timeout: 20 }))).toEqual(pageError(NOT_ALLOWED));
    expect(world.prompts.items).toHaveLength(1);
  });

  it('the next prompt replaces the one that shows a failure', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN);
    world.behaviour.authenticate = () => Promise.resolve(failure({ reason: 'noCredentials', message: '' }));
    await relay.get(requestOptions());
    await (await world.prompts.until()).state('failed');
    credentialOf(await relay.create(creationOptions()));
    await settled(() => world.platform.openWindows.size === 0);
  });

  it('a page with very many frames is refused, and no other tab with it', async () => {
    const world = new World().withHost().start();
    world.promptsBecomeVisible = false;
    const pages = Array.from({ length: 17 }, () => world.relay(ORIGIN));
    const answers = pages.map((page) => page.get(requestOptions()));
    expect(await Promise.race(answers)).toMatchObject(pageError({ name: 'OperationError' }));
    world.promptsBecomeVisible = true;
    const other = world.relay('https://other.example', { tab: { id: 8, windowId: 3 } }).create(creationOptions({ rp: { id: 'other.example', name: 'Other' } }));
    for (const page of pages) page.connection.disconnect();
    credentialOf(await other);
  });
});
