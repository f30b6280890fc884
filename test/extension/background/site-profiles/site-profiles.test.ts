import { describe, expect, it, vi } from 'vitest';

import { SITE_PROFILES } from '../../../../extension/background/site-profiles/profiles.ts';
import { requestOptions, World } from '../support/world.ts';

const ENTRA = 'https://login.microsoftonline.com';
const ORIGINS = [ENTRA, 'https://login.microsoft.com', 'https://login.live.com'];
const CHROME_ON_LINUX = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

function worldAt(origin: string, managed: unknown = {}): World {
  const world = new World().withHost();
  world.platform.managedValues = managed;
  world.platform.tab = { tabId: 7, windowId: 3, isPrivate: false, origin };
  return world.start();
}

describe('the bundled profiles', () => {
  it('have ids of their own, and no origin is in two of them', () => {
    const origins = SITE_PROFILES.flatMap((profile) => profile.origins);
    expect(new Set(origins).size).toBe(origins.length);
    expect(new Set(SITE_PROFILES.map(({ id }) => id)).size).toBe(SITE_PROFILES.length);
  });

  it.each(SITE_PROFILES.map((profile) => [profile.id, profile] as const))('%s is for exact https origins', (id, { origins, changes }) => {
    expect(id).toMatch(/^[a-z][a-z-]*$/);
    expect(changes.length).toBeGreaterThan(0);
    for (const origin of origins) expect([new URL(origin).protocol, new URL(origin).origin]).toEqual(['https:', origin]);
  });
});

describe('a profile', () => {
  it('is off unless somebody turns it on', async () => {
    const world = worldAt(ENTRA);
    const view = await world.popup().views.until();
    expect(view.site).toMatchObject({ host: 'login.microsoftonline.com', name: 'Microsoft Entra ID', profile: { id: 'microsoft', isOn: false } });
    expect(world.platform.siteChanges).toMatchObject({ scripts: [], rules: [] });
  });

  it('is turned on and off by the user: its script and its headers, for its origins only, remembered', async () => {
    const world = worldAt(ENTRA);
    const { siteChanges } = world.platform;
    const popup = world.popup();
    expect(await popup.requester.request('popup.setSiteProfile', { id: 'microsoft', isOn: true })).toMatchObject({ ok: true });
    const view = await popup.views.until(({ site }) => site?.profile?.isOn === true);
    expect(view.site?.profile).toEqual({
      id: 'microsoft',
      isOn: true,
      hosts: ['login.microsoftonline.com', 'login.microsoft.com', 'login.live.com'],
      changes: [
        { kind: 'pageVariable', variable: '$Config.fIsFidoSupported', value: 'true' },
        { kind: 'userAgent', product: 'chrome' },
      ],
    });
    await vi.waitFor(() => expect(siteChanges.rules).toHaveLength(3));
    expect(siteChanges.scripts).toEqual([{ id: 'site-profile-microsoft', file: 'page/site-profiles/microsoft.js', origins: ORIGINS }]);
    expect(siteChanges.rules).toEqual(ORIGINS.map((origin) => ({ origin, headers: { 'user-agent': CHROME_ON_LINUX } })));

    const next = new World().withHost();
    await next.platform.local.set('settings', await world.platform.local.get('settings'));
    next.start();
    await vi.waitFor(() => expect(next.platform.siteChanges.rules).toHaveLength(3));

    await popup.requester.request('popup.setSiteProfile', { id: 'microsoft', isOn: false });
    await vi.waitFor(() => expect(siteChanges.rules).toEqual([]));
    expect(siteChanges.scripts).toEqual([]);
  });

  it('leaves the browser alone when other settings change', async () => {
    const world = worldAt(ENTRA);
    const popup = world.popup();
    await popup.requester.request('popup.setSiteProfile', { id: 'microsoft', isOn: true });
    await vi.waitFor(() => expect(world.platform.siteChanges.rules).toHaveLength(3));
    const { calls } = world.platform.siteChanges;
    await popup.requester.request('popup.setPaused', { paused: true });
    await popup.views.until(({ paused }) => paused);
    expect(world.platform.siteChanges.calls).toBe(calls);
  });

  it('names Chrome in client hints where the browser has them', async () => {
    const world = new World();
    world.platform.managedValues = { siteProfiles: ['microsoft'] };
    world.platform.identity = {
      userAgent: `${CHROME_ON_LINUX} Edg/140.0.0.0`,
      brands: [{ brand: 'Chromium', version: '140' }, { brand: 'Microsoft Edge', version: '140' }, { brand: 'Not"A\\Brand', version: '24' }],
    };
    world.start();
    await vi.waitFor(() => expect(world.platform.siteChanges.rules).toHaveLength(3));
    expect(world.platform.siteChanges.rules[0]?.headers).toEqual({
      'user-agent': CHROME_ON_LINUX,
      'sec-ch-ua': String.raw`"Chromium";v="140", "Google Chrome";v="140", "Not\"A\\Brand";v="24"`,
      'sec-ch-ua-full-version-list': undefined,
    });
  });

  it.each([
    ['turns on', ['microsoft'], true],
    ['forbids', [], false],
  ])('that the administrator %s is not the user’s to change', async (_, siteProfiles, isOn) => {
    const world = worldAt('https://login.live.com', { siteProfiles });
    const popup = world.popup();
    expect((await popup.views.until()).site?.profile).toMatchObject({ isOn, lock: 'administrator' });
    await vi.waitFor(() => expect(world.platform.siteChanges.scripts).toHaveLength(isOn ? 1 : 0));
    const { calls } = world.platform.siteChanges;
    expect(await popup.requester.request('popup.setSiteProfile', { id: 'microsoft', isOn: !isOn })).toMatchObject({ ok: false });
    expect(world.platform.siteChanges.calls).toBe(calls);
  });

  it('follows the administrator’s settings, which come late and change', async () => {
    const world = worldAt(ENTRA);
    const popup = world.popup();
    await popup.views.until();
    world.platform.changeManaged({ siteProfiles: ['microsoft'] });
    await vi.waitFor(() => expect(world.platform.siteChanges.scripts).toHaveLength(1));
    await popup.views.until(({ site }) => site?.profile?.lock === 'administrator');
    world.platform.changeManaged({});
    await vi.waitFor(() => expect(world.platform.siteChanges.scripts).toEqual([]));
  });

  it('that does not exist cannot be turned on', async () => {
    const world = worldAt(ENTRA);
    expect(await world.popup().requester.request('popup.setSiteProfile', { id: '__proto__', isOn: true })).toMatchObject({ ok: false });
    expect(world.platform.siteChanges.scripts).toEqual([]);
  });

  it('cannot be turned on by a page, whatever it sends, and whatever it calls itself', async () => {
    const world = worldAt(ENTRA);
    const message = { v: 1, id: 'x', method: 'popup.setSiteProfile', params: { id: 'microsoft', isOn: true } };
    const relay = world.relay(ENTRA);
    relay.connection.send(message);
    const sender = { id: world.platform.extensionId, origin: ENTRA, url: `${ENTRA}/login`, frameId: 0, documentId: 'd', tab: { id: 7, windowId: 3 } };
    const popup = world.platform.connect('keystile-popup', sender);
    popup.send(message);
    expect(popup.isClosed).toBe(true);
    // The next call of the page, on a connection of its own, comes after both.
    await world.relay('https://login.example').get(requestOptions({ rpId: 'other.example' }));
    expect(relay.connection.isClosed).toBe(true);
    expect(world.platform.siteChanges).toMatchObject({ scripts: [], rules: [] });
    expect((await world.popup().views.until()).site?.profile?.isOn).toBe(false);
  });
});
