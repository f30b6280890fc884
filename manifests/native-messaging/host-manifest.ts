import { NATIVE_HOST_NAME } from '../../shared/wire/native.ts';
import { ALLOWED_EXTENSIONS } from '../extension-identity.ts';

/** Browsers that share a form of the host manifest. */
export const BrowserFamily = { chromium: 'chromium', firefox: 'firefox' } as const;
export type BrowserFamily = (typeof BrowserFamily)[keyof typeof BrowserFamily];

/** File name of the manifest; on Linux and macOS the browsers find it by this name. */
export const HOST_MANIFEST_FILE = `${NATIVE_HOST_NAME}.json`;

interface CommonManifest {
  readonly name: typeof NATIVE_HOST_NAME;
  readonly description: string;
  /** What the browser starts. Absolute; it takes no arguments of its own. */
  readonly path: string;
  readonly type: 'stdio';
}

/** What a browser reads to find the host and to learn which extensions may start it. */
export type HostManifest =
  | (CommonManifest & { readonly allowed_origins: readonly string[] })
  | (CommonManifest & { readonly allowed_extensions: readonly string[] });

/**
 * Builds the native messaging manifest for one family of browsers.
 * Source: the native messaging pages of Chromium (`allowed_origins`) and Firefox (`allowed_extensions`).
 *
 * @param path what the browser starts, absolute.
 */
export function hostManifest(family: BrowserFamily, path: string): HostManifest {
  const common: CommonManifest = {
    name: NATIVE_HOST_NAME,
    description: 'Keystile: speaks to security keys for the Keystile extension',
    path,
    type: 'stdio',
  };
  return family === BrowserFamily.chromium
    ? { ...common, allowed_origins: allowedCallers(family) }
    : { ...common, allowed_extensions: allowedCallers(family) };
}

/** The extensions that a manifest of this family names: origins for Chromium, add-on IDs for Firefox. */
export function allowedCallers(family: BrowserFamily): readonly string[] {
  return family === BrowserFamily.chromium
    ? ALLOWED_EXTENSIONS.chromium.map((id) => `chrome-extension://${id}/`)
    : ALLOWED_EXTENSIONS.firefox;
}

/** The manifest as the text of its file. */
export function hostManifestText(family: BrowserFamily, path: string): string {
  return `${JSON.stringify(hostManifest(family, path), null, 2)}\n`;
}
