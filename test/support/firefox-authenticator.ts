import type { KeystileFirefox } from './firefox.ts';
import type { NativeAuthenticator } from './native-webauthn.ts';

/** It serves every page of the browser until it is removed. */
export interface FirefoxAuthenticator extends NativeAuthenticator {
  remove(): Promise<void>;
}

/**
 * Gives Firefox a virtual authenticator of its own, which verifies its user and consents at once. It serves the native
 * WebAuthn functions of every page, and nothing else reaches it.
 */
export async function giveFirefoxAuthenticator({ marionette }: KeystileFirefox): Promise<FirefoxAuthenticator> {
  const authenticatorId = await marionette.send('WebAuthn:AddVirtualAuthenticator', {
    protocol: 'ctap2',
    transport: 'usb',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserConsenting: true,
    isUserVerified: true,
  });
  return {
    async credentialIds() {
      const credentials = await marionette.send('WebAuthn:GetCredentials', { authenticatorId });
      return (credentials as { credentialId: string }[]).map(({ credentialId }) => credentialId);
    },
    async remove() {
      await marionette.send('WebAuthn:RemoveVirtualAuthenticator', { authenticatorId });
    },
  };
}
