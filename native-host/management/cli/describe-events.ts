import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { SampleStatus } from '../../ctap2/bio-enrollment/enrol.ts';
import type { CredentialView } from '../credentials.ts';
import type { Loss, ManagementEvent } from '../key-user.ts';
import { printable } from './printable.ts';

const SAMPLE_TEXTS: Readonly<Record<SampleStatus, string>> = {
  good: 'Good.',
  tooHigh: 'Too high on the sensor.',
  tooLow: 'Too low on the sensor.',
  tooLeft: 'Too far left on the sensor.',
  tooRight: 'Too far right on the sensor.',
  tooFast: 'Too fast.',
  tooSlow: 'Too slow.',
  poorQuality: 'The sensor did not see enough. A clean, dry finger helps.',
  tooSkewed: 'The finger was tilted.',
  tooShort: 'Too short. Leave the finger on the sensor a little longer.',
  mergeFailure: 'This sample does not fit the others. Use the same finger each time.',
  exists: 'This fingerprint is enrolled already.',
  unknown: 'The sensor did not take this sample.',
  noUserActivity: 'No finger came.',
  noUserPresenceTransition: 'Lift the finger between the samples.',
};

/** An event in words for the person at the terminal. */
export function describeEvent(event: ManagementEvent): string {
  switch (event.type) {
    case 'touchNeeded':
      return 'Touch the key.';
    case 'fingerNeeded':
      return event.again ? 'Not recognised. Put your finger on the sensor again.' : 'Put your finger on the sensor of the key.';
    case 'fingerprintRefused':
      return 'The key does not take a fingerprint now; the PIN is needed.';
    case 'sampleNeeded':
      return 'Put the finger on the sensor, then lift it.';
    case 'sampleTaken':
      return event.remaining === 0 ? SAMPLE_TEXTS[event.status] : `${SAMPLE_TEXTS[event.status]} ${event.remaining.toString()} more to go.`;
    case 'removeKey':
      return '1. Remove the key (lift it off the reader).';
    case 'insertKey':
      return '2. Insert the same key again (put it back on the reader). Then be ready to touch it: the key gives you ten seconds.';
    case 'touchToReset': {
      const touch = event.longTouch ? '3. Touch the key NOW and hold the finger there until it stops blinking.' : '3. Touch the key NOW.';
      if (event.likeness !== 'looks') return touch;
      return `${touch}\n   It looks like the key that you removed, but a new key of the same model would as well: touch it only if it is the one.`;
    }
  }
}

/** What a confirmation is about: what is lost, or cannot be undone. */
export function describeLoss(loss: Loss): string {
  switch (loss.type) {
    case 'credential':
      return `This deletes the credential ${describeCredential(loss.credential)}.\nYou can no longer sign in there with it. It cannot be brought back.`;
    case 'fingerprint': {
      const { id, name } = loss.fingerprint;
      const named = name === undefined ? '' : ` "${printable(name)}"`;
      const last = loss.isLast ? '\nIt is the last one: the key will ask for the PIN instead.' : '';
      return `This deletes the fingerprint ${encodeHex(id)}${named} from the key.${last}`;
    }
    case 'minPinLength':
      return [
        ...(loss.from === loss.to
          ? []
          : [`This raises the minimum PIN length from ${loss.from.toString()} to ${loss.to.toString()}. Only a reset, which erases the key, lowers it again.`]),
        ...(loss.complexity === true
          ? ['The key will refuse PINs that it finds too simple, and may want the present one changed. Only a reset switches that off again.']
          : []),
        ...(loss.forcesChange ? ['The PIN must be changed before the key can be used with it.'] : []),
      ].join('\n');
    case 'enterpriseAttestation':
      return 'With enterprise attestation, organisations that the key or the browser trusts can recognise this very key.\nOnly a reset, which erases the key, switches it off again.';
    case 'longTouchForReset':
      return 'The key will take a reset only after a long touch. Only a reset itself undoes this.';
    case 'reset':
      return `This erases the key${loss.productName === '' ? '' : ` "${printable(loss.productName)}"`}: every credential on it, the PIN, fingerprints and settings.\nAccounts that have no other way of signing in are lost. It cannot be undone.`;
  }
}

/** A credential in one line: ID, site, account. */
export function describeCredential({ id, rpId, user }: CredentialView): string {
  const account = user?.name ?? user?.displayName;
  const whose = account === undefined ? '' : ` (${printable(account)})`;
  return `${encodeHex(id)} for ${rpId === '' ? 'an unnamed site' : printable(rpId)}${whose}`;
}
