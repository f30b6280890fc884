import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { CredentialDescriptor, PinUvAuth } from '../ctap2/credential.ts';
import type { CommandError } from '../ctap2/errors.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import type { PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import { CtapStatus } from '../ctap2/status.ts';
import type { CallOptions, Device } from '../transport/device.ts';

/** A key on which an operation runs, with what the operation may use. */
export interface OperationAccess {
  readonly device: Device;
  readonly info: AuthenticatorInfo;
  readonly token: PinUvAuthToken | undefined;
  /** Gets another token with these permissions, without the user; `undefined` when that is not possible. */
  readonly renewToken: (permissions: number) => Promise<PinUvAuthToken | undefined>;
  readonly options: CallOptions;
}

/** The members that prove user verification for a request with this client data hash; none without a token. */
export function pinUvAuthFor(token: PinUvAuthToken | undefined, clientDataHash: Bytes): { readonly pinUvAuth?: PinUvAuth } {
  if (token === undefined) return {};
  return { pinUvAuth: { param: token.authenticate(clientDataHash), protocol: token.protocol } };
}

/** Whether a key has refused a token, which it has given out itself: it is spent, has expired, or has lost its permission. */
export function isTokenRefused(error: CommandError): boolean {
  const { pinAuthInvalid, pinTokenExpired, unauthorizedPermission } = CtapStatus;
  return error.kind === 'ctap' && [pinAuthInvalid, pinTokenExpired, unauthorizedPermission].some((each) => each === error.status);
}

/** A list as CTAP has it. */
export function describeCredentials(ids: readonly Bytes[]): readonly CredentialDescriptor[] {
  return ids.map((id) => ({ id, type: 'public-key' }));
}
