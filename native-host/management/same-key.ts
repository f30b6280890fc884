import { encodeHex } from '../../shared/bytes/hex.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { DeviceDescriptor, HardwareIdentity } from '../transport/device.ts';
import type { ManagedKey } from './managed-key.ts';

/** What is remembered of a key, to recognise it when it comes back. */
export interface KeyPortrait {
  readonly hardware: HardwareIdentity;
  readonly model: string;
  /** Everything of getInfo that only a change by its owner changes. */
  readonly state: string;
}

/**
 * Why a key is taken for the one before: by its serial number, by its place, or only because it looks the same in
 * everything that it tells.
 */
export type Likeness = 'serialNumber' | 'port' | 'looks';

/**
 * Draws a key's portrait from what is known of it already. It is not asked for more, such as its PIN tries: there are keys
 * that take no reset once another command than getInfo came after power-up (OpenSK).
 */
export function portray({ info }: ManagedKey, { hardware = {} }: DeviceDescriptor): KeyPortrait {
  const { versions, extensions, aaguid, options, transports, algorithms, firmwareVersion } = info;
  const { minPINLength, forcePINChange, remainingDiscoverableCredentials, uvModality, maxSerializedLargeBlobArray } = info;
  return {
    hardware,
    model: encodeHex(aaguid),
    // Members that are encrypted anew each time (encIdentifier, encCredStoreState) say nothing without a token.
    state: JSON.stringify([
      [versions, extensions, options, transports, algorithms, firmwareVersion],
      [minPINLength, forcePINChange, remainingDiscoverableCredentials, uvModality, maxSerializedLargeBlobArray],
    ]),
  };
}

/**
 * Whether a key that was inserted may be the one that was removed. The AAGUID names only the model, so everything counts
 * that the system and getInfo tell: serial number and port, settings, room for credentials. What is left is told to the
 * person, whose touch decides.
 *
 * @returns a sentence on what is different.
 */
export function compareKeys(before: KeyPortrait, now: KeyPortrait): Result<Likeness, string> {
  if (before.model !== now.model) return failure('A key of another model was inserted.');
  const { serialNumber, port } = before.hardware;
  if (serialNumber !== now.hardware.serialNumber) return failure('A key with another serial number was inserted.');
  if (before.state !== now.state) return failure('Another key was inserted: its settings or its room for credentials differ.');
  if (serialNumber !== undefined) return success('serialNumber');
  if (port !== now.hardware.port) return failure('The key was inserted into another port. Use the same one, so that it can be recognised.');
  return success(port === undefined ? 'looks' : 'port');
}
