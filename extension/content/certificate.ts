import { ofDocument } from './permissions-policy.ts';

/** An AppID that no document may use: nobody can own that name (RFC 6761 §6.4). */
const APP_ID_OF_NOBODY = 'https://keystile.invalid/';

/**
 * Whether the browser refuses WebAuthn to this document for an error of its TLS certificate, which the user chose to pass
 * over. No interface tells it. So Chromium's own function is asked with an AppID that is none: it looks at the certificate
 * before the AppID, and at the AppID before anybody is asked anything. What else it refuses is not the question here.
 *
 * Firefox refuses such documents too, but with the same error as a wrong AppID: there it cannot be found out.
 */
export async function isCertificateRefused(): Promise<boolean> {
  // As the browser, which takes every certificate on this machine itself.
  const isRemote = location.protocol === 'https:' && !/(^|\.)localhost$/.test(location.hostname);
  if (!isRemote || ofDocument('featurePolicy') === undefined) return false;
  try {
    const container = navigator.credentials as CredentialsContainer | undefined;
    await container?.get({ publicKey: { challenge: new Uint8Array(16), extensions: { appid: APP_ID_OF_NOBODY } } });
    return false;
  } catch (refusal) {
    const { name, message } = refusal as DOMException;
    return name === 'NotAllowedError' && message.includes('certificate');
  }
}
