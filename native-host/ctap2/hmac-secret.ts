import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { CborMap, CborValue } from '../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { agreeOnSecret } from './client-pin/client-pin.ts';
import { parameterMap } from './command.ts';
import { type CommandError, malformedResponse } from './errors.ts';
import type { AuthenticatorInfo } from './get-info.ts';
import { isByteString } from './members.ts';
import { choosePinUvAuthProtocol, pinUvAuthProtocol } from './pin-uv-auth/protocol.ts';

/** One or two salts, or what the key has made of them: 32 bytes each. */
export interface HmacSecretValues {
  readonly first: Bytes;
  readonly second?: Bytes;
}

/** The extension's input for one command, and the way to read its output. */
export interface HmacSecretExchange {
  readonly input: CborMap;
  /** `undefined` when the output is absent or does not decrypt to values of the right length. */
  readonly read: (output: CborValue) => HmacSecretValues | undefined;
  /** Overwrites the shared secret. */
  readonly end: () => void;
}

const VALUE_LENGTH = 32;

/**
 * Agrees on a secret with the key and encrypts the salts for it. The protocol's number goes along with protocol two only,
 * where keys insist on it; keys before CTAP 2.1 know protocol one only, and not the member.
 *
 * Source: CTAP 2.2 §12.7 (hmac-secret), §12.8 (hmac-secret-mc).
 */
export async function beginHmacSecret(
  device: Device,
  info: Pick<AuthenticatorInfo, 'pinUvAuthProtocols'>,
  salts: HmacSecretValues,
  options: CallOptions,
): Promise<Result<HmacSecretExchange, CommandError>> {
  const number = choosePinUvAuthProtocol(info);
  if (number === undefined) {
    return failure(malformedResponse('getInfo', 'It offers no PIN/UV auth protocol that is known here.'));
  }
  const agreed = await agreeOnSecret(device, number, options);
  if (!agreed.ok) return agreed;
  const { keyAgreement, sharedSecret } = agreed.value;
  const protocol = pinUvAuthProtocol(number);
  const saltEnc = protocol.encrypt(sharedSecret, concatBytes(salts.first, salts.second ?? new Uint8Array()));
  const input = parameterMap(
    [0x01, keyAgreement],
    [0x02, saltEnc],
    [0x03, protocol.authenticate(sharedSecret, saltEnc)],
    [0x04, number === 1 ? undefined : number],
  );
  return success({
    input,
    read(output) {
      const values = isByteString(output) ? protocol.decrypt(sharedSecret, output) : undefined;
      const wanted = salts.second === undefined ? VALUE_LENGTH : 2 * VALUE_LENGTH;
      if (values?.length !== wanted) return undefined;
      const first = values.slice(0, VALUE_LENGTH);
      return salts.second === undefined ? { first } : { first, second: values.slice(VALUE_LENGTH) };
    },
    end: () => void sharedSecret.fill(0),
  });
}
