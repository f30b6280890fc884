import type { Page } from 'playwright-core';

/** Chromium's own virtual authenticator in one page: it serves the native WebAuthn functions, and nothing else reaches it. */
export interface NativeAuthenticator {
  /** Ids (base64url) of the credentials that the native function has made. */
  credentialIds(): Promise<readonly string[]>;
}

/** Gives the page a virtual authenticator of the DevTools protocol, which verifies its user and consents at once. */
export async function giveNativeAuthenticator(page: Page): Promise<NativeAuthenticator> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  return {
    async credentialIds() {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials.map(({ credentialId }) => Buffer.from(credentialId, 'base64').toString('base64url'));
    },
  };
}
