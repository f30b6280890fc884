/** An entry of `navigator.userAgentData.brands`. */
export interface Brand {
  readonly brand: string;
  readonly version: string;
}

/**
 * The user agent of Chrome on the same operating system. Firefox and Chrome count their versions nearly alike, so the
 * number stays.
 *
 * @returns `undefined` for a user agent of neither family.
 */
export function chromeUserAgent(own: string): string | undefined {
  const version = /\b(?:Chrome|HeadlessChrome|Firefox)\/(\d+)/.exec(own)?.[1];
  const system = /^Mozilla\/5\.0 \(([^)]+)\)/.exec(own)?.[1];
  if (version === undefined || system === undefined) return undefined;
  return `Mozilla/5.0 (${chromeSystem(system)}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`;
}

/** Firefox adds its version to the system, and some distributions their name; Chrome's macOS is always the same one. */
function chromeSystem(system: string): string {
  return system
    .replace(/; rv:[\d.]+$/, '')
    .replace(/^X11; \w+; Linux/, 'X11; Linux')
    .replace(/Mac OS X 10\.\d+$/, 'Mac OS X 10_15_7');
}

/**
 * The brands of Chrome: the product of another name gives way to Google's. Chromium's own entry, and the one that
 * stands for nothing, stay.
 */
export function chromeBrands(own: readonly Brand[]): readonly Brand[] {
  const chromium = own.find(({ brand }) => brand === 'Chromium');
  if (chromium === undefined) return own;
  const chrome = { brand: 'Google Chrome', version: chromium.version };
  const isKept = ({ brand }: Brand): boolean => brand === 'Chromium' || /Not.A.Brand/.test(brand);
  return own.every(isKept) ? [...own, chrome] : own.map((entry) => (isKept(entry) ? entry : chrome));
}
