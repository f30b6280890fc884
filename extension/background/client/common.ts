import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { ClientDataInput, ClientDataType } from '../../../shared/webauthn/client-data.ts';
import type { CredentialDescriptor } from '../../../shared/webauthn/options.ts';
import type { ExpectedCommon } from '../../../shared/verifier/common.ts';
import type { Caller } from '../sender.ts';

/** Longest name of a transport that crosses to the host; no real one comes near it. */
const MAX_TRANSPORT_LENGTH = 64;

/** What client data says of a call. Source: WebAuthn L3 §5.8.1, §5.1.3 step 14. */
export function clientDataInput(type: ClientDataType, challenge: Bytes, caller: Caller): ClientDataInput {
  const { origin, topOrigin, sameOriginWithAncestors } = caller;
  return sameOriginWithAncestors
    ? { type, challenge, origin, crossOrigin: false }
    : { type, challenge, origin, crossOrigin: true, ...(topOrigin === undefined ? {} : { topOrigin }) };
}

/** What the verifier may find in the client data: exactly what the browser said of the caller. */
export function expectedOrigins(caller: Caller): Pick<ExpectedCommon, 'origins' | 'allowCrossOrigin' | 'topOrigins'> {
  const { origin, topOrigin, sameOriginWithAncestors } = caller;
  const topOrigins = sameOriginWithAncestors || topOrigin === undefined ? [] : [topOrigin];
  return { origins: [origin], allowCrossOrigin: !sameOriginWithAncestors, topOrigins };
}

/** An allow or exclude list in the form of the native hop, within its limits. */
export function descriptorsForHost(
  credentials: readonly CredentialDescriptor[],
): { id: string; transports: string[] }[] {
  return credentials.map(({ id, transports }) => ({
    id: encodeBase64url(id),
    transports: transports.filter((name) => name.length <= MAX_TRANSPORT_LENGTH).slice(0, 16),
  }));
}

/** SHA-256 as base64url: the client data hash as the host gets it. */
export async function hashForHost(bytes: Bytes): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
