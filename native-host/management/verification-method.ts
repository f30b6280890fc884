import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import { PinUvAuthPermission } from '../ctap2/pin-uv-auth/token.ts';

/** How the user is verified for a token. */
export type VerificationMethod =
  | 'pin'
  | 'uv'
  /** By the key's own sensor; where that fails, by PIN. */
  | 'uvThenPin';

/** Why the user cannot be verified. */
export type VerificationProblem = 'pinNotSet' | 'pinChangeRequired' | 'notSupported';

/** Permissions that a key gives for its own user verification only with an option of its own. */
const UV_OPTIONS: ReadonlyMap<number, 'uvBioEnroll' | 'uvAcfg'> = new Map([
  [PinUvAuthPermission.bioEnrollment, 'uvBioEnroll'],
  [PinUvAuthPermission.authenticatorConfiguration, 'uvAcfg'],
]);

/**
 * Chooses how to get a token with one permission.
 *
 * Source: CTAP 2.2 §6.4, options `clientPin`, `uv`, `pinUvAuthToken`, `uvBioEnroll`, `uvAcfg`; member `forcePINChange`,
 * which closes the way by PIN only.
 */
export function chooseVerification(
  info: Pick<AuthenticatorInfo, 'options' | 'forcePINChange'>,
  permission: number,
  prefersPin: boolean,
): Result<VerificationMethod, VerificationProblem> {
  const { options, forcePINChange } = info;
  const uvOption = UV_OPTIONS.get(permission);
  const takesUv =
    options.uv === true && options.pinUvAuthToken === true && (uvOption === undefined || options[uvOption] === true);
  const takesPin = options.clientPin === true && !forcePINChange;
  if (takesPin && (prefersPin || !takesUv)) return success('pin');
  if (takesUv) return success(takesPin ? 'uvThenPin' : 'uv');
  if (options.clientPin === true) return failure('pinChangeRequired');
  return failure(options.clientPin === false ? 'pinNotSet' : 'notSupported');
}

/** A key with neither a PIN nor its own way of verifying set up: authenticatorConfig takes no proof (CTAP 2.2 §6.11). */
export function isUnprotected({ options }: Pick<AuthenticatorInfo, 'options'>): boolean {
  return options.clientPin !== true && options.uv !== true;
}
