import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { chromeBrands, chromeUserAgent } from '../../../shared/site-profile/chrome-user-agent.ts';

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome';

describe('the user agent of Chrome', () => {
  it.each([
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME}/140.0.0.0 Safari/537.36`],
    ['Firefox on Ubuntu', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME}/115.0.0.0 Safari/537.36`],
    ['Firefox on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}/153.0.0.0 Safari/537.36`],
    ['Firefox on macOS', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:153.0) Gecko/20100101 Firefox/153.0', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME}/153.0.0.0 Safari/537.36`],
    ['Edge', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME}/156.0.0.0 Safari/537.36 Edg/156.0.0.0`, `Mozilla/5.0 (X11; Linux x86_64) ${CHROME}/156.0.0.0 Safari/537.36`],
    ['Chrome itself', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}/156.0.0.0 Safari/537.36`, `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}/156.0.0.0 Safari/537.36`],
  ])('on the system of %s', (_, own, presented) => {
    expect(chromeUserAgent(own)).toBe(presented);
    expect(chromeUserAgent(presented)).toBe(presented);
  });

  it('is not made out of what is neither', () => {
    expect(chromeUserAgent('curl/8.0')).toBeUndefined();
    expect(chromeUserAgent('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15')).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => chromeUserAgent(text) === undefined));
  });
});

describe('the brands of Chrome', () => {
  const chromium = { brand: 'Chromium', version: '156' };
  const nothing = { brand: 'Not?A_Brand', version: '24' };
  const chrome = { brand: 'Google Chrome', version: '156' };

  it.each([
    ['another product', [chromium, { brand: 'Microsoft Edge', version: '156' }, nothing], [chromium, chrome, nothing]],
    ['a full version', [{ ...chromium, version: '156.0.1.2' }, { brand: 'Brave', version: '1.9' }], [{ ...chromium, version: '156.0.1.2' }, { brand: 'Google Chrome', version: '156.0.1.2' }]],
    ['Chromium alone', [chromium, nothing], [chromium, nothing, chrome]],
    ['Chrome itself', [nothing, chromium, chrome], [nothing, chromium, chrome]],
    ['another family', [{ brand: 'Other', version: '1' }], [{ brand: 'Other', version: '1' }]],
    ['no brands', [], []],
  ])('of %s', (_, own, presented) => {
    expect(chromeBrands(own)).toEqual(presented);
  });

  it.each(['Not?A_Brand', 'Not A(Brand', '(Not(A:Brand', 'Not;A=Brand', ' Not A;Brand', 'Not.A/Brand'])('keep %s, which stands for nothing', (brand) => {
    expect(chromeBrands([chromium, { brand, version: '8' }])).toEqual([chromium, { brand, version: '8' }, chrome]);
  });
});
