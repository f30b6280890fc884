import { expect, test } from 'vitest';

import { CHROMIUM_EXTENSION_ID, FIREFOX_ADDON_ID } from '../../../manifests/extension-identity.ts';
import { HOST_MANIFEST_FILE, hostManifest, hostManifestText } from '../../../manifests/native-messaging/host-manifest.ts';

test('Chromium is told the origin of the extension, with the slash it insists on', () => {
  const manifest = hostManifest('chromium', '/opt/keystile/keystile-host');
  expect(manifest).toMatchObject({
    name: 'org.keystile.host',
    path: '/opt/keystile/keystile-host',
    type: 'stdio',
    allowed_origins: [`chrome-extension://${CHROMIUM_EXTENSION_ID}/`],
  });
  expect(manifest).not.toHaveProperty('allowed_extensions');
});

test('Firefox is told the ID of the add-on', () => {
  const manifest = hostManifest('firefox', '/opt/keystile/keystile-host');
  expect(manifest).toMatchObject({ name: 'org.keystile.host', allowed_extensions: [FIREFOX_ADDON_ID] });
  expect(manifest).not.toHaveProperty('allowed_origins');
});

test('name and file name agree, as Linux and macOS need it, and fit the pattern of both browsers', () => {
  const { name } = hostManifest('chromium', '/x');
  expect(HOST_MANIFEST_FILE).toBe(`${name}.json`);
  expect(name).toMatch(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/);
});

test('the text holds the manifest, whatever the path', () => {
  const path = 'C:\\Program Files\\J\u00f6rg "x"\\host.exe';
  expect(JSON.parse(hostManifestText('firefox', path))).toEqual(hostManifest('firefox', path));
});
