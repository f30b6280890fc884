import path from 'node:path';
import { createContext, runInContext } from 'node:vm';

import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

import type { SiteChange } from '../../../shared/site-profile/profile.ts';

const SOURCE = path.resolve(import.meta.dirname, '../../../extension/page/site-profile.iife.ts');
const EDGE = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0';
const CHROME = EDGE.replace(' Edg/156.0.0.0', '');

/** What a realm of a page has before any script runs. */
const REALM = `
  class Navigator {
    #own = true;
    get userAgent() { return this.#own && '${EDGE}'; }
    get appVersion() { return this.#own && '${EDGE.slice(8)}'; }
    get vendor() { return this.#own && ''; }
  }
  class NavigatorUAData {
    get brands() { return Object.freeze([{ brand: 'Chromium', version: '156' }, { brand: 'Microsoft Edge', version: '156' }]); }
    toJSON() { return { brands: this.brands, mobile: false, platform: 'Linux' }; }
    async getHighEntropyValues() {
      return { brands: this.brands, fullVersionList: [{ brand: 'Chromium', version: '156.0.1' }, { brand: 'Microsoft Edge', version: '156.0.9' }], model: '' };
    }
  }
  Object.assign(globalThis, { Navigator, NavigatorUAData, navigator: new Navigator(), data: new NavigatorUAData() });
`;

/** A realm in which the profile's script ran before the page's. */
async function realmWith(changes: readonly SiteChange[]): Promise<(code: string) => unknown> {
  const { outputFiles } = await build({
    entryPoints: [SOURCE],
    bundle: true,
    write: false,
    format: 'iife',
    define: { __SITE_CHANGES__: JSON.stringify(changes) },
  });
  const context = createContext({});
  runInContext(REALM, context);
  runInContext(outputFiles[0]?.text ?? '', context);
  return (code): unknown => runInContext(code, context) as unknown;
}

describe('a pinned variable of the page', () => {
  const pinned = (): Promise<(code: string) => unknown> =>
    realmWith([{ kind: 'pageVariable', object: '$Config', member: 'fIsFidoSupported', value: true }]);

  it.each([
    ['var', 'var $Config = { fIsFidoSupported: false, sCtx: "a" };'],
    ['a plain assignment', '$Config = { fIsFidoSupported: false, sCtx: "a" };'],
    ['a member of the window', 'globalThis.$Config = { sCtx: "a" }; $Config.fIsFidoSupported = false;'],
    ['two steps', 'var $Config = {}; $Config = Object.assign($Config || {}, { fIsFidoSupported: false, sCtx: "a" });'],
    ['a later replacement', '$Config = null; $Config = { fIsFidoSupported: false, sCtx: "a" };'],
  ])('reads as the profile says, set by %s', async (_, code) => {
    const run = await pinned();
    expect(run(`${code} JSON.stringify([$Config.fIsFidoSupported, $Config.sCtx, { ...$Config }.fIsFidoSupported])`)).toBe('[true,"a",true]');
  });

  it('is not there before the page sets it, and does not get in its way', async () => {
    const run = await pinned();
    expect(run('typeof $Config')).toBe('undefined');
    expect(run('$Config = "text"; $Config')).toBe('text');
    expect(run('$Config = Object.freeze({ fIsFidoSupported: false }); $Config.fIsFidoSupported')).toBe(false);
    expect(run('delete globalThis.$Config; var other = 1; typeof $Config')).toBe('undefined');
  });
});

describe('the presented product', () => {
  const presented = (): Promise<(code: string) => unknown> => realmWith([{ kind: 'userAgent', product: 'chrome' }]);

  it('is Chrome in every place', async () => {
    const run = await presented();
    expect(run('navigator.userAgent')).toBe(CHROME);
    expect(run('navigator.appVersion')).toBe(CHROME.slice(8));
    expect(run('navigator.vendor')).toBe('Google Inc.');
    const brands = [{ brand: 'Chromium', version: '156' }, { brand: 'Google Chrome', version: '156' }];
    expect(JSON.parse(String(run('JSON.stringify(data)')))).toEqual({ brands, mobile: false, platform: 'Linux' });
    expect(JSON.parse(String(run('JSON.stringify(data.brands)')))).toEqual(brands);
    expect(JSON.parse(String(await run('data.getHighEntropyValues(["fullVersionList"]).then(JSON.stringify)')))).toEqual({
      brands,
      fullVersionList: [{ brand: 'Chromium', version: '156.0.1' }, { brand: 'Google Chrome', version: '156.0.1' }],
      model: '',
    });
  });

  it('leaves checks, names and shapes to the browser’s own functions', async () => {
    const run = await presented();
    expect(run('try { Navigator.prototype.userAgent; "gave" } catch (error) { error.name }')).toBe('TypeError');
    expect(run('Object.getOwnPropertyDescriptor(Navigator.prototype, "userAgent").get.name')).toBe('get userAgent');
    expect(run('Object.keys(navigator).length')).toBe(0);
  });
});

it('a profile changes nothing that it does not name', async () => {
  const run = await realmWith([]);
  expect(run('navigator.userAgent')).toBe(EDGE);
  expect(run('Object.getOwnPropertyNames(globalThis).includes("$Config")')).toBe(false);
});
