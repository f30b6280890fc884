import type { CborMap } from '../../shared/cbor/value.ts';
import { parameterMap } from '../ctap2/command.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import type { RegistrationExtensions } from './request.ts';

/** The extension inputs of a registration in CBOR form, of those that the key supports. */
export function encodeRegistrationInputs(
  { credProtect }: RegistrationExtensions,
  { extensions: supported }: Pick<AuthenticatorInfo, 'extensions'>,
): CborMap {
  const ifSupported = <Value>(identifier: string, value: Value): Value | undefined =>
    supported.includes(identifier) ? value : undefined;
  return parameterMap(['credProtect', ifSupported('credProtect', credProtect?.level)]);
}
