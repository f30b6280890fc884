import { describe, expect, it, vi } from 'vitest';

import { FakeNativeConnection } from './support/fake-platform.ts';
import { creationOptions, type PromptPage, requestOptions, World } from './support/world.ts';

const ORIGIN = 'https://login.example';
const standAside = (reason: string): object => ({ ok: true, value: { outcome: 'standAside', reason } });

function hostThatEnds(detail: string): () => FakeNativeConnection {
  return () => {
    const connection = new FakeNativeConnection();
    queueMicrotask(() => connection.end(detail));
    return connection;
  };
}

describe('without a host', () => {
  it.each([
    ['Specified native messaging host not found.', 'notInstalled'],
    ['No such native application org.keystile.host', 'notInstalled'],
    ['Access to the native messaging host was disabled by the system administrator.', 'blockedByPolicy'],
    ['Access to the specified native messaging host is forbidden.', 'notAllowed'],
    ['An unexpected error occurred', 'failedToStart'],
    ['Native host has exited.', 'failedToStart'],
  ])('%s', async (detail, problem) => {
    const world = new World().start();
    world.platform.connectHost = hostThatEnds(detail);
    expect(await world.relay(ORIGIN).get(requestOptions())).toEqual(standAside('hostUnavailable'));
    expect(world.platform.log).toEqual([]);
    expect(world.platform.badge).toBe('!');
    const popup = world.popup();
    const view = await popup.views.until(({ ceremonies }) => ceremonies.length === 1);
    expect(view.host).toEqual({ status: 'unavailable', problem, detail });
    expect(view.ceremonies[0]).toMatchObject({ outcome: 'standAside', reason: 'hostUnavailable' });
  });

  it('errors of the page are the browser\'s own, too', async () => {
    const world = new World().start();
    expect(await world.relay(ORIGIN).get(requestOptions({ rpId: 'other.example' }))).toEqual(standAside('hostUnavailable'));
    expect(await world.relay(ORIGIN).create({})).toEqual(standAside('hostUnavailable'));
  });

  it('the browser is not asked again for a moment, but at once when the user wants to know', async () => {
    const world = new World().start({}, { hello: 1000, unavailable: 60_000, idle: 60_000 });
    const relay = world.relay(ORIGIN);
    await relay.get(requestOptions());
    await relay.get(requestOptions());
    expect(world.platform.hostStarts).toBe(1);
    world.withHost();
    const popup = world.popup();
    expect(await popup.requester.request('popup.checkHost', {})).toMatchObject({ ok: true });
    expect((await popup.views.until(({ host }) => host.status === 'ready')).host).toMatchObject({ version: '0.1.0', development: false });
    expect(world.platform.badge).toBe('');
    expect(await relay.create(creationOptions())).toMatchObject({ ok: true, value: { outcome: 'credential' } });
  });

  it('a host that was removed since: the prompt that opened early closes, and the browser takes over', async () => {
    const world = new World();
    await world.platform.local.set('settings', { hostSeen: true });
    world.start();
    world.platform.connectHost = () => {
      const connection = new FakeNativeConnection();
      // The browser takes longer to look for the host than to open a window.
      void world.prompts.until().then(() => connection.end('Specified native messaging host not found.'));
      return connection;
    };
    expect(await world.relay(ORIGIN).get(requestOptions())).toEqual(standAside('hostUnavailable'));
    await vi.waitFor(() => expect(world.platform.log).toEqual(['open', 'close']));
    expect(await world.relay(ORIGIN).get(requestOptions())).toEqual(standAside('hostUnavailable'));
    expect(world.platform.log).toEqual(['open', 'close']);
  });

  it('of another protocol: incompatible', async () => {
    const world = new World().withHost().start();
    world.behaviour.protocol = 2;
    expect(await world.relay(ORIGIN).get(requestOptions())).toEqual(standAside('hostUnavailable'));
    const view = await world.popup().views.until();
    expect(view.host).toEqual({
      status: 'unavailable',
      problem: 'incompatible',
      detail: expect.any(String) as string,
      version: '0.1.0',
    });
  });

  it.each([
    ['says nothing', () => undefined, 'failedToStart'],
    ['says something else', (host: FakeNativeConnection) => host.send({ hello: 'world' }), 'incompatible'],
  ])('one that %s', async (_, act, problem) => {
    const world = new World().start({}, { hello: 20, unavailable: 1000, idle: 1000 });
    const host = new FakeNativeConnection();
    host.onMessage = () => act(host);
    world.platform.connectHost = () => host;
    expect(await world.relay(ORIGIN).get(requestOptions())).toEqual(standAside('hostUnavailable'));
    expect(host.isClosed).toBe(true);
    expect((await world.popup().views.until()).host).toMatchObject({ status: 'unavailable', problem });
  });
});

describe('the host\'s process', () => {
  it('is kept for the next call and ends when nobody needs it', async () => {
    // Only the clock of the idle time, far longer than two calls take, is moved by the test.
    const IDLE = 3_600_000;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    try {
      const world = new World().withHost().start({}, { hello: 1000, unavailable: 0, idle: IDLE });
      const relay = world.relay(ORIGIN);
      await relay.create(creationOptions());
      await relay.get(requestOptions());
      expect(world.platform.hostStarts).toBe(1);
      // The last ceremony lets go of the host after its page has the answer.
      await world.popup().views.until(({ ceremonies }) => ceremonies.length === 2);
      await vi.advanceTimersByTimeAsync(IDLE);
      expect(world.hosts[0]?.isClosed).toBe(true);
      expect(await relay.get(requestOptions())).toMatchObject({ ok: true, value: { outcome: 'credential' } });
      expect(world.platform.hostStarts).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is kept while the prompt offers to remove a credential, for the worker to live, and no longer', async () => {
    const IDLE = 3_600_000;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    try {
      const world = new World().withHost().start({}, { hello: 1000, unavailable: 0, idle: IDLE });
      const relay = world.relay(ORIGIN);
      world.key.forgesSignatures = true;
      const ends: readonly ((prompt: PromptPage) => unknown)[] = [
        ({ window }) => {
          world.platform.closeWindow(window.id);
        },
        // The next request takes its place.
        () => relay.get(requestOptions()),
      ];
      for (const end of ends) {
        world.key.forgesSignatures = true;
        await relay.create(creationOptions());
        const prompt = world.prompts.items.at(-1);
        if (prompt === undefined) throw new Error('There was no prompt.');
        await prompt.views.until(({ deletion }) => deletion?.state === 'offered');
        await vi.advanceTimersByTimeAsync(2 * IDLE);
        expect(world.hosts.at(-1)?.isClosed).toBe(false);
        world.key.forgesSignatures = false;
        await end(prompt);
        await vi.advanceTimersByTimeAsync(2 * IDLE);
        expect(world.hosts.at(-1)?.isClosed).toBe(true);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not end while a ceremony runs', async () => {
    const world = new World().withHost().start({ least: 60 }, { hello: 1000, unavailable: 0, idle: 5 });
    world.promptsBecomeVisible = false;
    await world.relay(ORIGIN).get(requestOptions({ timeout: 60 }));
    const view = await world.popup().views.until(({ ceremonies }) => ceremonies.length === 1);
    expect(view.ceremonies[0]).toMatchObject({ reason: 'timeout' });
  });

  it('an answer that comes too late is no fault, something that is no message is', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN);
    await relay.create(creationOptions());
    world.hosts[0]?.send({ v: 1, id: 'late', ok: true, result: {} });
    expect(await relay.get(requestOptions())).toMatchObject({ ok: true });
    expect(world.hosts).toHaveLength(1);
    world.promptsBecomeVisible = false;
    const answer = relay.get(requestOptions());
    await world.ceremonies.until(({ params }) => 'allowCredentials' in params && world.ceremonies.items.length === 3);
    world.hosts[0]?.send('garbage');
    expect(await answer).toMatchObject({ ok: false, error: { error: { name: 'NotAllowedError' } } });
    expect(world.hosts[0]?.isClosed).toBe(true);
  });
});

describe('not now', () => {
  it('paused: the browser\'s own, shown by the badge, remembered by the next worker', async () => {
    const world = new World().withHost().start();
    const popup = world.popup();
    await popup.views.until();
    await popup.requester.request('popup.setPaused', { paused: true });
    expect((await popup.views.until(({ paused }) => paused)).paused).toBe(true);
    expect(await world.relay(ORIGIN).get(requestOptions())).toEqual(standAside('paused'));
    expect(world.platform.badge).toBe('II');
    await vi.waitFor(() => expect(world.platform.local.items.get('settings')).toContain('"paused":true'));

    const next = new World().withHost();
    await next.platform.local.set('settings', await world.platform.local.get('settings'));
    next.start();
    expect(await next.relay(ORIGIN).get(requestOptions())).toEqual(standAside('paused'));
    expect(next.platform.badge).toBe('II');
  });

  it('a page that is not visible is left to the browser', async () => {
    const world = new World().withHost().start();
    expect(await world.relay(ORIGIN).get(requestOptions(), { visible: false })).toEqual(standAside('notApplicable'));
  });
});

describe('the record of ceremonies', () => {
  it('keeps the last fifty, survives the worker, and can be cleared', async () => {
    const world = new World().withHost().start();
    const relay = world.relay(ORIGIN);
    for (let index = 0; index < 60; index += 1) await relay.get(requestOptions({ rpId: `n${index.toString()}.other.example` }));
    const popup = world.popup();
    const view = await popup.views.until(({ ceremonies }) => ceremonies[0]?.rpId === 'n59.other.example');
    expect(view.ceremonies).toHaveLength(50);
    expect(view.ceremonies[0]?.reason).toContain('SecurityError');
    await vi.waitFor(() => expect(world.platform.session.items.get('ceremonies')).toContain('n59.other.example'));

    const next = new World().withHost();
    await next.platform.session.set('ceremonies', await world.platform.session.get('ceremonies'));
    next.start();
    const nextPopup = next.popup();
    expect((await nextPopup.views.until()).ceremonies).toHaveLength(50);
    await nextPopup.requester.request('popup.clearCeremonies', {});
    await nextPopup.views.until(({ ceremonies }) => ceremonies.length === 0);
    await vi.waitFor(() => expect(next.platform.session.items.get('ceremonies')).toBe('[]'));
  });

  it('stored values that are broken are as good as none', async () => {
    const world = new World().withHost();
    await world.platform.session.set('ceremonies', [{ id: 7 }]);
    await world.platform.local.set('settings', { paused: 'yes', minimumTimeout: -1 });
    await world.platform.local.set('credentials:login.example', { not: 'a list' });
    world.start();
    expect(await world.relay(ORIGIN).create(creationOptions())).toMatchObject({ ok: true, value: { outcome: 'credential' } });
    expect(world.faults).toEqual([]);
  });
});

describe('installation', () => {
  it('looks for the host and shows at once that it is missing', async () => {
    const world = new World().start();
    world.platform.install();
    await vi.waitFor(() => expect(world.platform.badge).toBe('!'));
  });
});
