import { describe, expect, it } from 'vitest';

import type { ProxyCompletion } from '../../../extension/platform/ports.ts';
import { FakeProxy } from './support/fake-platform.ts';
import { base64url, creationOptions, requestOptions, World } from './support/world.ts';

const ORIGIN = 'https://login.example';
const NOT_ALLOWED = { name: 'NotAllowedError', message: 'The operation either timed out or was not allowed.' };
let nextId = -5;

interface ProxiedWorld {
  readonly world: World;
  readonly proxy: FakeProxy;
}

function proxied(managed: object = { interception: 'proxy' }): ProxiedWorld {
  const world = new World().withHost();
  const proxy = new FakeProxy();
  world.platform.proxy = proxy;
  world.platform.managedValues = managed;
  return { world: world.start(), proxy };
}

/** A request in the browser's form. */
function request(options: object, caller: object = {}, extensions: object = {}): { requestId: number; requestDetailsJson: string } {
  nextId -= 1;
  const remoteDesktopClientOverride = { origin: ORIGIN, sameOriginWithAncestors: true, ...caller };
  return { requestId: nextId, requestDetailsJson: JSON.stringify({ ...options, extensions: { ...extensions, remoteDesktopClientOverride } }) };
}

function credentialOf(completion: ProxyCompletion): { response: { clientDataJSON: string }; clientExtensionResults: unknown } {
  if (!('responseJson' in completion)) throw new Error(`No credential: ${JSON.stringify(completion)}`);
  return JSON.parse(completion.responseJson) as { response: { clientDataJSON: string }; clientExtensionResults: unknown };
}

function clientDataOf(completion: ProxyCompletion): unknown {
  return JSON.parse(Buffer.from(credentialOf(completion).response.clientDataJSON, 'base64url').toString());
}

describe('the browser’s WebAuthn proxy', () => {
  it('serves registration and authentication with the browser’s origin', async () => {
    const { proxy } = proxied();
    const created = await proxy.request('create', request(creationOptions()));
    expect(clientDataOf(created)).toEqual({ type: 'webauthn.create', challenge: base64url('challenge-create'), origin: ORIGIN, crossOrigin: false });
    const got = await proxy.request('get', request(requestOptions()));
    expect(clientDataOf(got)).toEqual({ type: 'webauthn.get', challenge: base64url('challenge-get'), origin: ORIGIN, crossOrigin: false });
  });

  it('a frame of another site is said to be foreign; the top origin is not known', async () => {
    const { proxy } = proxied();
    const created = await proxy.request('create', request(creationOptions(), { sameOriginWithAncestors: false }));
    expect(clientDataOf(created)).toEqual({ type: 'webauthn.create', challenge: base64url('challenge-create'), origin: ORIGIN, crossOrigin: true });
  });

  it('the tab is in view before a new credential is handed over, and the prompt does not offer the browser', async () => {
    const { world, proxy } = proxied();
    await proxy.request('create', request(creationOptions()));
    expect(world.platform.log.slice(0, 2)).toEqual(['open', 'activate 7']);
    const view = await (await world.prompts.until()).views.until();
    expect(view.canUseBrowser).toBe(false);
  });

  it('reads absent members that older browsers write as null, and the browser’s spelling of appidExclude', async () => {
    const { world, proxy } = proxied();
    const options = { ...creationOptions(), authenticatorSelection: { authenticatorAttachment: null, userVerification: 'required' } };
    const created = await proxy.request('create', request(options, {}, { appIdExclude: 'https://login.example/app' }));
    expect(credentialOf(created).clientExtensionResults).toEqual({});
    expect((await world.ceremonies.until()).params.extensions).toMatchObject({ appIdExclude: 'https://login.example/app' });
  });

  it.each([
    ['no JSON', '{'],
    ['no caller', JSON.stringify(creationOptions())],
    ['no text', 7],
  ])('a request that cannot be read (%s) is answered, and the next one served', async (_, requestDetailsJson) => {
    const { world, proxy } = proxied();
    expect(await proxy.request('create', { requestId: 1, requestDetailsJson })).toMatchObject({ error: NOT_ALLOWED });
    expect(world.faults).toHaveLength(1);
    expect(await proxy.request('create', request(creationOptions()))).toHaveProperty('responseJson');
  });

  it('a credential that the browser does not take becomes an exception: the page does not wait for ever', async () => {
    const { world, proxy } = proxied();
    proxy.refusesResponses = true;
    expect(await proxy.request('create', request(creationOptions()))).toMatchObject({ error: NOT_ALLOWED });
    expect(world.faults.join()).toContain('Invalid responseJson');
  });

  it.each([
    ['the page aborts', (_world: World, proxy: FakeProxy, id: number) => proxy.cancel(id)],
    ['the tab shows another document', (world: World) => world.platform.leaveTab(7)],
  ])('when %s, the key is let go and nothing is answered', async (_, leave) => {
    const { world, proxy } = proxied();
    world.promptsBecomeVisible = false;
    const asked = request(requestOptions());
    void proxy.request('get', asked);
    const { context } = await world.ceremonies.until();
    const ended = new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
    leave(world, proxy, asked.requestId);
    await ended;
    expect(proxy.completions.has(asked.requestId)).toBe(false);
  });

  it('another tab that is left ends nothing', async () => {
    const { world, proxy } = proxied();
    world.promptsBecomeVisible = false;
    const asked = proxy.request('create', request(creationOptions()));
    const { context } = await world.ceremonies.until();
    world.platform.leaveTab(8);
    expect(context.signal.aborted).toBe(false);
    (await world.prompts.until()).visible();
    expect(await asked).toHaveProperty('responseJson');
  });

  it('two tabs are served one after the other', async () => {
    const { world, proxy } = proxied();
    const [first, second] = [request(creationOptions()), request(creationOptions())];
    void proxy.request('create', first);
    // Hashes are computed by other threads: whose is done first has the first turn.
    await world.ceremonies.until();
    await proxy.request('create', second);
    expect([...proxy.completions.keys()]).toEqual([first.requestId, second.requestId]);
    expect(world.platform.log.filter((entry) => entry === 'open')).toHaveLength(2);
  });

  it.each([
    ['', undefined],
    [', and hints at a phone', ['hybrid', 'security-key']],
  ])('a registration for platform authenticators only%s is refused without a prompt', async (_, hints) => {
    const { world, proxy } = proxied();
    const options = { ...creationOptions(), authenticatorSelection: { authenticatorAttachment: 'platform' }, hints };
    expect(await proxy.request('create', request(options))).toMatchObject({ error: NOT_ALLOWED });
    expect(world.platform.log).toEqual([]);
  });

  it('a hint at security keys comes before the attachment', async () => {
    const { proxy } = proxied();
    const options = { ...creationOptions(), authenticatorSelection: { authenticatorAttachment: 'platform' }, hints: ['unheard-of', 'security-key'] };
    expect(await proxy.request('create', request(options))).toHaveProperty('responseJson');
  });

  it('there is no platform authenticator', () => {
    const { proxy } = proxied();
    proxy.askIsUvpaa(3);
    expect(proxy.completions.get(3)).toBe(false);
  });

  describe('attachment', () => {
    async function stateOf({ world }: ProxiedWorld, wanted: string): Promise<void> {
      await world.popup().views.until(({ interception }) => interception === wanted);
    }

    it('only when the administrator wants it', async () => {
      const parts = proxied({});
      await stateOf(parts, 'off');
      expect(parts.proxy.isAttached).toBe(false);
      parts.world.platform.changeManaged({ interception: 'proxy' });
      await stateOf(parts, 'attached');
      expect(parts.proxy.isAttached).toBe(true);
      parts.world.platform.changeManaged({});
      await stateOf(parts, 'off');
      expect(parts.proxy.isAttached).toBe(false);
    });

    it('not while Keystile is paused', async () => {
      const parts = proxied();
      await stateOf(parts, 'attached');
      const { requester } = parts.world.popup();
      await requester.request('popup.setPaused', { paused: true });
      await stateOf(parts, 'detached');
      expect(parts.proxy.isAttached).toBe(false);
    });

    it('not without the host: calls then go to the browser’s own authenticators', async () => {
      const world = new World();
      const proxy = new FakeProxy();
      world.platform.proxy = proxy;
      world.platform.managedValues = { interception: 'proxy' };
      await stateOf({ world: world.start(), proxy }, 'detached');
      expect(proxy.isAttached).toBe(false);
      world.withHost();
      const { requester } = world.popup();
      await requester.request('popup.checkHost', {});
      await stateOf({ world, proxy }, 'attached');
    });

    it('ends when the host is gone', async () => {
      const parts = proxied();
      await stateOf(parts, 'attached');
      parts.world.platform.connectHost = new World().platform.connectHost;
      parts.world.hosts.at(-1)?.end('Native host has exited.');
      await stateOf(parts, 'detached');
      expect(parts.proxy.isAttached).toBe(false);
    });

    it('tells that another extension has it', async () => {
      const world = new World().withHost();
      const proxy = new FakeProxy();
      proxy.problem = 'Another extension is already attached';
      world.platform.proxy = proxy;
      world.platform.managedValues = { interception: 'proxy' };
      await stateOf({ world: world.start(), proxy }, 'taken');
    });

    it('tells that the browser has none', async () => {
      const world = new World().withHost();
      world.platform.managedValues = { interception: 'proxy' };
      await world.start().popup().views.until(({ interception }) => interception === 'unsupported');
    });

    it('a page’s own call is left to the browser, which brings it back by the proxy', async () => {
      const { world } = proxied();
      expect(await world.relay(ORIGIN).get(requestOptions())).toMatchObject({ ok: true, value: { outcome: 'standAside', reason: 'proxied' } });
      expect(world.platform.log).toEqual([]);
    });
  });
});
