import { describe, expect, it } from 'vitest';

import { requestOptions, World } from './support/world.ts';

const ORIGIN = 'https://login.example';

function worldAt(origin: string | undefined, more: { isPrivate?: boolean; managed?: unknown } = {}): World {
  const world = new World().withHost();
  world.platform.managedValues = more.managed ?? {};
  world.platform.tab = { tabId: 7, windowId: 3, isPrivate: more.isPrivate ?? false, origin };
  return world.start();
}

describe('the site in the tab', () => {
  it('is left to the browser and taken back by the user, from the next call on', async () => {
    const world = worldAt(ORIGIN);
    const popup = world.popup();
    expect((await popup.views.until()).site).toEqual({ host: 'login.example', isUsed: true });
    expect(await popup.requester.request('popup.setSiteUsed', { host: 'login.example', isUsed: false })).toMatchObject({ ok: true });
    await popup.views.until(({ site }) => site?.isUsed === false);
    expect(await world.relay(ORIGIN).get(requestOptions())).toMatchObject({ value: { outcome: 'standAside', reason: 'excluded' } });
    const told = await popup.views.until(({ site }) => site?.lastLeft !== undefined);
    expect(told.site).toEqual({ host: 'login.example', isUsed: false, lastLeft: 'excluded' });

    await popup.requester.request('popup.setSiteUsed', { host: 'login.example', isUsed: true });
    await popup.views.until(({ site, ceremonies }) => site?.isUsed === true && ceremonies.length === 1);
    expect(await world.relay(ORIGIN).get(requestOptions({ rpId: 'other.example' }))).toMatchObject({ ok: false });
    const failed = await popup.views.until(({ ceremonies }) => ceremonies.length === 2);
    expect(failed.site, 'the last request was not left to the browser').toEqual({ host: 'login.example', isUsed: true });
  });

  it('tells of its own requests only', async () => {
    const world = worldAt(ORIGIN);
    const popup = world.popup();
    await popup.requester.request('popup.setPaused', { paused: true });
    await world.relay('https://other.example').get(requestOptions());
    const view = await popup.views.until(({ ceremonies }) => ceremonies.length === 1);
    expect(view.site).not.toHaveProperty('lastLeft');
  });

  it('is taken back with whatever domain of the user’s covers it', async () => {
    const world = new World().withHost();
    await world.platform.local.set('settings', { excludedSites: ['other.example', 'example.com', 'a.example.com', 'b.a.example.com'] });
    world.platform.tab = { tabId: 7, windowId: 3, isPrivate: false, origin: 'https://a.example.com' };
    world.start();
    const popup = world.popup();
    expect((await popup.views.until()).site).toMatchObject({ isUsed: false });
    await popup.requester.request('popup.setSiteUsed', { host: 'a.example.com', isUsed: true });
    await popup.views.until(({ site }) => site?.isUsed === true);
    expect(await world.platform.local.get('settings')).toMatchObject({ excludedSites: ['other.example', 'b.a.example.com'] });
  });

  it('that the administrator excludes is not the user’s to take back', async () => {
    const world = worldAt('https://sso.corp.example', { managed: { excludedSites: ['corp.example'] } });
    const popup = world.popup();
    expect((await popup.views.until()).site).toEqual({ host: 'sso.corp.example', isUsed: false, lock: 'administrator' });
    expect(await popup.requester.request('popup.setSiteUsed', { host: 'sso.corp.example', isUsed: true })).toMatchObject({ ok: false });
  });

  it('is not to be changed in a private window', async () => {
    const view = await worldAt('https://login.live.com', { isPrivate: true }).popup().views.until();
    expect(view.site).toMatchObject({ isUsed: true, lock: 'private', profile: { isOn: false, lock: 'private' } });
  });

  it.each(['http://login.example', 'chrome://settings', 'https://192.0.2.1', 'https://[::1]', 'null', 'chrome-extension://abc', undefined])(
    'is none at %s',
    async (origin) => {
      expect(await worldAt(origin).popup().views.until()).not.toHaveProperty('site');
    },
  );

  it.each(['http://localhost:3000', 'http://app.localhost', 'https://login.example:8443'])('is one at %s', async (origin) => {
    expect((await worldAt(origin).popup().views.until()).site).toEqual({ host: new URL(origin).hostname, isUsed: true });
  });

  it.each(['', 'a b', 'https://login.example', '192.0.2.1'])('cannot be %j', async (host) => {
    const popup = worldAt(ORIGIN).popup();
    expect(await popup.requester.request('popup.setSiteUsed', { host, isUsed: false })).toMatchObject({ ok: false });
  });

  it('does without a tab that the browser does not tell', async () => {
    const world = worldAt(ORIGIN);
    world.platform.activeTab = () => Promise.reject(new Error('No window.'));
    expect(await world.popup().views.until()).not.toHaveProperty('site');
    expect(world.faults).toEqual(['active tab: Error: No window.']);
  });

  it('the user’s list never grows beyond what is kept: the oldest gives way', async () => {
    const world = new World().withHost();
    await world.platform.local.set('settings', { excludedSites: Array.from({ length: 1000 }, (_, index) => `s${index.toString()}.example`) });
    world.platform.tab = { tabId: 7, windowId: 3, isPrivate: false, origin: ORIGIN };
    world.start();
    const popup = world.popup();
    await popup.views.until();
    await popup.requester.request('popup.setSiteUsed', { host: 'login.example', isUsed: false });
    await popup.views.until(({ site }) => site?.isUsed === false);
    const { excludedSites } = (await world.platform.local.get('settings')) as { excludedSites: string[] };
    expect([excludedSites.length, excludedSites[0], excludedSites.at(-1)]).toEqual([1000, 's1.example', 'login.example']);
  });
});
