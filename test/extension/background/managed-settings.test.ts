import { describe, expect, it } from 'vitest';

import { createManagedSettings, decodeManaged } from '../../../extension/background/managed-settings.ts';
import type { ManagedStoragePort } from '../../../extension/platform/ports.ts';
import { findSite } from '../../../extension/background/site-patterns.ts';
import { FakePlatform } from './support/fake-platform.ts';
import { creationOptions, requestOptions, World } from './support/world.ts';

const pathsOf = (settings: unknown): readonly string[] => decodeManaged(settings).problems.map(({ path }) => path);

/** The browser's answer to what is set, which the test gives when it likes. */
function slowStorage(): { readonly port: ManagedStoragePort; readonly answer: (settings: object) => void } {
  let answer: (settings: object) => void = () => undefined;
  const answered = new Promise<unknown>((resolve) => {
    answer = resolve;
  });
  return { port: { get: () => answered, onChange: () => undefined }, answer };
}

describe('settings of the administrator', () => {
  it('a browser that takes its time holds up nobody: what it said at an earlier start counts until it answers', async () => {
    const { local } = new FakePlatform();
    const faults: unknown[] = [];
    const first = slowStorage();
    const before = createManagedSettings(first.port, local, (fault) => faults.push(fault), 60_000);
    first.answer({ interception: 'proxy', excludedSites: ['a.example'] });
    await before.loaded;

    const second = slowStorage();
    const after = createManagedSettings(second.port, local, (fault) => faults.push(fault), 1);
    await after.loaded;
    expect(after.values).toMatchObject({ interception: 'proxy', excludedSites: ['a.example'] });
    const changed = new Promise<void>((resolve) => after.onChange(resolve));
    second.answer({});
    await changed;
    expect(after.values).toMatchObject({ interception: 'page', excludedSites: [] });

    const third = createManagedSettings(slowStorage().port, local, (fault) => faults.push(fault), 1);
    await third.loaded;
    expect(third.values).toMatchObject({ interception: 'page', excludedSites: [] });
    expect(faults).toEqual([]);
  });

  it('are the defaults where nothing is set', () => {
    expect(decodeManaged({})).toEqual({ values: { interception: 'page', excludedSites: [], siteNames: [] }, problems: [] });
  });

  it('are decoded one by one: what cannot be used is told by its place', () => {
    expect(decodeManaged({ interception: 'both', excludedSites: ['Example.COM', 'https://x.example', 7, 'b.example'] })).toMatchObject({
      values: { interception: 'page', excludedSites: ['example.com', 'b.example'] },
      problems: [{ path: 'interception' }, { path: 'excludedSites.1' }, { path: 'excludedSites.2' }],
    });
    expect(pathsOf({ excludedSites: 'example.com', intercepton: 'proxy' })).toEqual(['intercepton', 'excludedSites']);
    expect(pathsOf(null)).toEqual(['']);
  });

  it('names sites, and turns profiles on; what cannot be used is told and has no effect', () => {
    const siteNames = [
      { domain: 'SSO.example.com', name: ' Contoso sign-in ' },
      { domain: 'https://example.com', name: 'x' },
      { domain: 'example.com', name: '' },
      { domain: 'example.com', name: 'a\u202Eb' },
      { domain: 'example.com', name: 'x'.repeat(61) },
      'example.com',
    ];
    expect(decodeManaged({ siteNames, siteProfiles: ['microsoft', 'unknown', 7] })).toMatchObject({
      values: { siteNames: [{ domain: 'sso.example.com', name: 'Contoso sign-in' }], siteProfiles: ['microsoft'] },
      problems: [
        { path: 'siteProfiles.1' },
        { path: 'siteProfiles.2' },
        { path: 'siteNames.1' },
        { path: 'siteNames.2' },
        { path: 'siteNames.3' },
        { path: 'siteNames.4' },
        { path: 'siteNames.5' },
      ],
    });
    expect(decodeManaged({ siteProfiles: 'microsoft', siteNames: {} })).toMatchObject({
      values: { siteNames: [], siteProfiles: [] },
      problems: [{ path: 'siteProfiles' }, { path: 'siteNames' }],
    });
  });

  it.each([
    ['https://example.com', 'example.com'],
    ['https://a.b.example.com:8443', 'example.com'],
    ['https://notexample.com', undefined],
    ['https://example.com.evil.example', undefined],
    ['null', undefined],
  ])('%s lies within %s', (origin, site) => {
    expect(findSite(origin, ['example.com'])).toBe(site);
  });

  it.each(['10.0.0.1', '*.example.com', 'example.com:8443', 'example.com/', 'a b', '', 'user@example.com', '[::1]'])('%s is no site', (text) => {
    expect(pathsOf({ excludedSites: [text] })).toEqual(['excludedSites.0']);
  });

  it('a site that is excluded goes to the browser, from the moment on when it is set', async () => {
    const world = new World().withHost().start();
    const relay = world.relay('https://login.example');
    expect(await relay.create(creationOptions())).toMatchObject({ value: { outcome: 'credential' } });
    world.platform.changeManaged({ excludedSites: ['login.example'] });
    expect(await relay.get(requestOptions())).toMatchObject({ value: { outcome: 'standAside', reason: 'excluded' } });
    expect(await world.relay('https://sub.login.example').get(requestOptions())).toMatchObject({ value: { outcome: 'standAside', reason: 'excluded' } });
  });
});
