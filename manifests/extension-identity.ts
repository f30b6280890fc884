import { createHash } from 'node:crypto';

/**
 * Who the extension is, for the browsers and for the host that serves nobody else.
 *
 * The private half of this RSA-2048 key signs nothing and was thrown away: `key` only fixes the ID of unpacked and
 * self-hosted builds. A store gives its listing a key, and so an ID, of its own; such an ID joins the list below.
 */
export const CHROMIUM_PUBLIC_KEY =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp7+OTB/HwAIZm9TTb59Hxstj+7VmsFr7Mc+SK5Sl2e43hTkVBElagvj4wMI2eESP' +
  '6WEPLY+AYLMqNPOqwrGS3Wz37DV0pRAw9wp4e2PBhOaYLcJR0m/bpTu++rbTp5u51h/t8Qqt4LYt31MVlvD6x7wVmlSzoMzZLw6RCwIFK276' +
  'gEKJSdfyIFvVWt4A8oDdTd1SrL41QPYJd7XE4yy+mXJCl/2C2sRfo+ef1fvc1c3EZhdv6csGUzbyp9AzqhBwwK3KUx9XGIhFIUCPIo5SABZK' +
  '0luRv6HxQkKSxmf7q1c+RrE2xkwAUl9NR9+pezaHErRROwTHGJTXxJIcot3TEQIDAQAB';

/** ID of the Firefox add-on (`browser_specific_settings.gecko.id`). */
export const FIREFOX_ADDON_ID = 'keystile@keystile.org';

/**
 * Derives the ID that Chromium gives an extension: the first 16 bytes of SHA-256 over the public key, each half byte
 * written as a letter from `a` to `p`. Source: Chromium `components/crx_file/id_util.cc`.
 *
 * @param publicKeyBase64 `key` of the manifest: the SubjectPublicKeyInfo in DER, base64.
 */
export function chromiumExtensionId(publicKeyBase64: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKeyBase64, 'base64')).digest('hex');
  return Array.from(digest.slice(0, 32), (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join('');
}

/** ID of the extension in Chrome, Chromium, Edge, Brave and Vivaldi. */
export const CHROMIUM_EXTENSION_ID = /* @__PURE__ */ chromiumExtensionId(CHROMIUM_PUBLIC_KEY);

/** Every extension that the host serves, by browser family. */
export const ALLOWED_EXTENSIONS = {
  chromium: [CHROMIUM_EXTENSION_ID],
  firefox: [FIREFOX_ADDON_ID],
} as const;
