import { createPublicKey } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import {
  ALLOWED_EXTENSIONS,
  CHROMIUM_EXTENSION_ID,
  CHROMIUM_PUBLIC_KEY,
  chromiumExtensionId,
  FIREFOX_ADDON_ID,
} from '../../manifests/extension-identity.ts';

describe('chromiumExtensionId', () => {
  test.each([
    ['test', 'jpignaibiiemhngfjkcpokkamffknabf'],
    ['_', 'ncocknphbhhlhkikpnnlmbcnbgdempcd'],
  ])('gives the ID that Chromium gives for %j', (input, id) => {
    expect(chromiumExtensionId(Buffer.from(input).toString('base64'))).toBe(id);
  });

  test('has 32 letters from a to p', () => {
    expect(CHROMIUM_EXTENSION_ID).toMatch(/^[a-p]{32}$/);
  });
});

test('the key is an RSA key of 2048 bits in DER', () => {
  const key = createPublicKey({ key: Buffer.from(CHROMIUM_PUBLIC_KEY, 'base64'), format: 'der', type: 'spki' });
  expect(key.asymmetricKeyType).toBe('rsa');
  expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
});

test('the host serves exactly the builds of this project', () => {
  expect(ALLOWED_EXTENSIONS).toEqual({ chromium: [CHROMIUM_EXTENSION_ID], firefox: [FIREFOX_ADDON_ID] });
  expect(FIREFOX_ADDON_ID).toMatch(/^[a-z0-9-]+@[a-z0-9.-]+$/);
});
