import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import { dictionary, required, sequence, text } from '../convert-options.ts';
import { bare, copyPlain, IntrinsicTypeError, objectPrototype } from '../intrinsics.ts';
import { addAsyncOperation, addOperation } from './native-look.ts';
import { parseCreationOptions, parseRequestOptions } from './parse-options.ts';

/** What there is with security keys alone. Source: WebAuthn L3 §5.1.7, §5.8.7 (`ClientCapability`). */
const CAPABILITIES = {
  conditionalCreate: false,
  conditionalGet: false,
  'extension:appid': true,
  'extension:appidExclude': true,
  'extension:credBlob': true,
  'extension:credProps': true,
  'extension:credentialProtectionPolicy': true,
  'extension:enforceCredentialProtectionPolicy': true,
  'extension:getCredBlob': true,
  'extension:largeBlob': true,
  'extension:minPinLength': true,
  'extension:prf': true,
  hybridTransport: false,
  passkeyPlatformAuthenticator: false,
  relatedOrigins: true,
  signalAllAcceptedCredentials: false,
  signalCurrentUserDetails: false,
  signalUnknownCredential: false,
  userVerifyingPlatformAuthenticator: false,
};

function base64url(value: unknown): void {
  if (decodeBase64url(text(value)) === undefined) throw new IntrinsicTypeError('The text is not base64url.');
}

/**
 * The operations that tell the browser what a site knows of its credentials. A key cannot be told without its PIN: the
 * arguments are checked, and nothing is done, as a browser does for a credential that it does not know.
 *
 * Source: WebAuthn L3 §5.1.10.
 */
type Members = Readonly<Record<string, (value: unknown) => unknown>>;
const SIGNALS: Readonly<Record<string, Members>> = {
  signalAllAcceptedCredentials: { allAcceptedCredentialIds: (list) => sequence(list, base64url), rpId: text, userId: base64url },
  signalCurrentUserDetails: { displayName: text, name: text, rpId: text, userId: base64url },
  signalUnknownCredential: { credentialId: base64url, rpId: text },
};

/** Adds the static operations of PublicKeyCredential. */
export function addStatics(publicKeyCredential: object): void {
  addAsyncOperation(publicKeyCredential, 'getClientCapabilities', 0, () => copyPlain(CAPABILITIES, objectPrototype));
  addAsyncOperation(publicKeyCredential, 'isConditionalMediationAvailable', 0, () => false);
  addAsyncOperation(publicKeyCredential, 'isUserVerifyingPlatformAuthenticatorAvailable', 0, () => false);
  addOperation(publicKeyCredential, 'parseCreationOptionsFromJSON', 1, (_, args) => parseCreationOptions(args[0]));
  addOperation(publicKeyCredential, 'parseRequestOptionsFromJSON', 1, (_, args) => parseRequestOptions(args[0]));
  for (const name in SIGNALS) {
    const members: Members = bare(SIGNALS[name] ?? {});
    addAsyncOperation(publicKeyCredential, name, 1, (_, args) => {
      const options = dictionary(args[0]);
      for (const member in members) {
        required(options[member], members[member] ?? text);
      }
    });
  }
}
