import { success, type Result } from '../../shared/bytes/result.ts';
import type { CommandError } from '../ctap2/errors.ts';
import type { AuthenticatorInfo } from '../ctap2/get-info.ts';
import { makeCredential } from '../ctap2/make-credential.ts';
import { choosePinUvAuthProtocol } from '../ctap2/pin-uv-auth/protocol.ts';
import { selectAuthenticator } from '../ctap2/selection.ts';
import { CtapStatus } from '../ctap2/status.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { isCtap21 } from './describe-key.ts';

/** Under `.invalid` nobody has an origin (RFC 2606), so nobody can use what such a request might make. */
const DUMMY_RP_ID = 'keystile.invalid';

const ES256 = -7;

/** What keys answer to the old way once they were touched. */
const TOUCHED: readonly number[] = [CtapStatus.pinInvalid, CtapStatus.pinAuthInvalid, CtapStatus.pinNotSet];

/**
 * Waits until the key is touched, and has it do nothing else: authenticatorSelection, or for keys without it a
 * makeCredential with an empty `pinUvAuthParam`, which ends with an error after the touch. Only keys that can have a PIN
 * know that: others may refuse it at once, as if they had been touched, so that they are let make the credential.
 *
 * Source: CTAP 2.2 §6.9; CTAP 2.0 §5.5.8.1 (empty `pinAuth`).
 */
export async function waitForTouch(
  device: Device,
  info: Pick<AuthenticatorInfo, 'versions' | 'options' | 'pinUvAuthProtocols'>,
  options: CallOptions,
): Promise<Result<undefined, CommandError>> {
  if (isCtap21(info)) {
    const selected = await selectAuthenticator(device, options);
    const isUnknown = !selected.ok && selected.error.kind === 'ctap' && selected.error.status === CtapStatus.invalidCommand;
    if (!isUnknown) return selected;
  }
  const canHavePin = info.options.clientPin !== undefined;
  const made = await makeCredential(
    device,
    {
      clientDataHash: new Uint8Array(32),
      rp: { id: DUMMY_RP_ID, name: DUMMY_RP_ID },
      user: { id: Uint8Array.of(1), name: 'touch', displayName: 'touch' },
      pubKeyCredParams: [{ alg: ES256, type: 'public-key' }],
      ...(canHavePin ? { pinUvAuth: { param: new Uint8Array(0), protocol: choosePinUvAuthProtocol(info) ?? 1 } } : {}),
    },
    options,
  );
  if (made.ok) return success(undefined);
  return canHavePin && made.error.kind === 'ctap' && TOUCHED.includes(made.error.status) ? success(undefined) : made;
}
