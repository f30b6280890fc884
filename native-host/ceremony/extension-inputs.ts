import type { CborMap, CborValue } from '../../shared/cbor/value.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import type { CeremonyRequest } from './request.ts';

type Encode = (input: unknown) => CborValue;

/** Encoders of extension inputs at registration, by CTAP identifier. `undefined`: not sent. */
const REGISTRATION: ReadonlyMap<string, Encode> = new Map([
  // CTAP 2.2 §12.1: the level of protection, 1 to 3.
  ['credProtect', (input) => (input === 1 || input === 2 || input === 3 ? input : undefined)],
]);

const AUTHENTICATION: ReadonlyMap<string, Encode> = new Map();

/** The extension inputs in CBOR form: of those that are known here, the ones that the key supports. */
export function encodeExtensionInputs(
  { kind, extensions }: Pick<CeremonyRequest, 'kind' | 'extensions'>,
  { extensions: supported }: Pick<AuthenticatorInfo, 'extensions'>,
): CborMap {
  const encoders = kind === 'registration' ? REGISTRATION : AUTHENTICATION;
  const inputs = new Map<string, CborValue>();
  for (const [identifier, input] of Object.entries(extensions)) {
    const value = supported.includes(identifier) ? encoders.get(identifier)?.(input) : undefined;
    if (value !== undefined) inputs.set(identifier, value);
  }
  return inputs;
}
