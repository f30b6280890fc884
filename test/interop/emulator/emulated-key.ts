import { AuthenticationEmulatorError, AuthenticatorEmulator, CTAP_COMMAND, PasskeysCredentialsMemoryRepository } from 'nid-webauthn-emulator';

import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import { UdpTransport } from '../../../native-host/transport/udp/udp.ts';
import { systemEnvironment } from '../../virtual-key/authenticator/environment.ts';
import type { AuthenticatorPort } from '../../virtual-key/authenticator/exchange.ts';
import { UdpSlot } from '../../virtual-key/faces/udp.ts';
import type { Authenticator } from '../checks/run-checks.ts';

/** CTAP1_ERR_INVALID_COMMAND. */
const INVALID_COMMAND = 0x01;
/** What it takes, by the command byte. */
const COMMANDS = new Map<number, CTAP_COMMAND>([
  [0x01, CTAP_COMMAND.authenticatorMakeCredential],
  [0x02, CTAP_COMMAND.authenticatorGetAssertion],
  [0x04, CTAP_COMMAND.authenticatorGetInfo],
]);

/**
 * Somebody else's authenticator, of CTAP 2.0 with a built-in verification and without a PIN, behind our UDP face: CTAP2
 * messages are its own, framing is the virtual key's.
 *
 * @param isStateless it keeps no credentials: their keys are in their IDs.
 */
export async function startEmulatedKey(isStateless: boolean): Promise<Authenticator> {
  const emulator = new AuthenticatorEmulator(
    isStateless ? { stateless: true } : { credentialsRepository: new PasskeysCredentialsMemoryRepository() },
  );
  const slot = await UdpSlot.open(0);
  slot.insert(portOf(emulator), systemEnvironment()).plug();
  return { transport: new UdpTransport([{ host: '127.0.0.1', port: slot.port }]), close: () => slot.close() };
}

function portOf(emulator: AuthenticatorEmulator): AuthenticatorPort {
  return {
    supportsCbor: true,
    supportsU2f: false,
    call: (request) => Promise.resolve(answer(emulator, request)),
    message: () => Promise.resolve(Uint8Array.of(0x6d, 0x00)),
    wink: () => undefined,
    powerCycle: () => undefined,
  };
}

function answer(emulator: AuthenticatorEmulator, request: Bytes): Bytes {
  const command = COMMANDS.get(request[0] ?? 0);
  if (command === undefined) return Uint8Array.of(INVALID_COMMAND);
  try {
    const { status, data } = emulator.command({ command, ...(request.length === 1 ? {} : { data: copyBytes(request.subarray(1)) }) });
    return concatBytes(Uint8Array.of(status), data ?? new Uint8Array());
  } catch (error) {
    // Its way of answering with a status other than success.
    if (error instanceof AuthenticationEmulatorError) return Uint8Array.of(error.status);
    throw error;
  }
}
