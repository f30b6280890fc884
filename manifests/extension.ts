import type { ManifestV3Export } from '@crxjs/vite-plugin';

import { CHROMIUM_PUBLIC_KEY, FIREFOX_ADDON_ID } from './extension-identity.ts';

/** The browsers that a build is made for. Edge, Brave and Vivaldi take the Chromium build. */
export const BuildTarget = { chromium: 'chromium', firefox: 'firefox' } as const;
export type BuildTarget = (typeof BuildTarget)[keyof typeof BuildTarget];

/**
 * The oldest Firefox that is promised and tested: the oldest extended support release with the consent to data
 * collection that the manifest declares. The interfaces would do from 129 on (page scripts in the manifest: 128,
 * `sender.origin`: 126, EdDSA in WebCrypto: 129). What is newer is done without: `location.ancestorOrigins` (148),
 * `sender.documentId` (153).
 */
const OLDEST_FIREFOX = '140.0';

/** Name of the schema of the administrator's settings within the build. Firefox needs none. */
export const MANAGED_SCHEMA_FILE = 'managed-schema.json';

/** Pages on which WebAuthn exists: secure contexts. */
const SECURE_PAGES = ['https://*/*', 'http://localhost/*', 'http://*.localhost/*'];

const IN_EVERY_FRAME = {
  matches: SECURE_PAGES,
  run_at: 'document_start',
  all_frames: true,
  match_about_blank: true,
  match_origin_as_fallback: true,
} as const;

const COMMON = {
  manifest_version: 3,
  name: '__MSG_extensionName__',
  description: '__MSG_extensionDescription__',
  default_locale: 'en',
  icons: { 16: 'icons/16.png', 32: 'icons/32.png', 48: 'icons/48.png', 128: 'icons/128.png' },
  action: { default_popup: 'ui/popup/index.html', default_title: '__MSG_actionTitle__' },
  // Scripts and header rules of site profiles: both only for sites that host_permissions name anyway.
  permissions: ['nativeMessaging', 'storage', 'webNavigation', 'scripting', 'declarativeNetRequestWithHostAccess'],
  host_permissions: SECURE_PAGES,
  // Lists of related origins must be fetched by https, redirects included, and nothing else is fetched.
  content_security_policy: { extension_pages: "script-src 'self'; object-src 'none'; connect-src https:" },
  content_scripts: [
    // The relay first: it must listen when the page script offers its port.
    { ...IN_EVERY_FRAME, js: ['content/relay.iife.ts'] },
    { ...IN_EVERY_FRAME, js: ['page/interceptor.iife.ts'], world: 'MAIN' },
  ],
} as const;

/**
 * The extension's manifest, written for one browser: the background and the identity differ, nothing else.
 *
 * @param version of the product, from package.json.
 */
export function extensionManifest(target: BuildTarget, version: string): ManifestV3Export {
  const manifest =
    target === BuildTarget.firefox
      ? {
          ...COMMON,
          version,
          background: { scripts: ['background/main.ts'], type: 'module' },
          browser_specific_settings: {
            gecko: {
              id: FIREFOX_ADDON_ID,
              strict_min_version: OLDEST_FIREFOX,
              data_collection_permissions: { required: ['none'] },
            },
          },
        }
      : {
          ...COMMON,
          version,
          key: CHROMIUM_PUBLIC_KEY,
          minimum_chrome_version: '120',
          incognito: 'spanning',
          // For administrators who choose it; without their word it is never attached.
          permissions: [...COMMON.permissions, 'webAuthenticationProxy'],
          storage: { managed_schema: MANAGED_SCHEMA_FILE },
          background: { service_worker: 'background/main.ts', type: 'module' },
        };
  // crxjs' type lags behind the browsers' manifests (data_collection_permissions, world).
  return manifest as unknown as ManifestV3Export;
}
