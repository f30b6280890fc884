import { failure, type Result } from '../../shared/bytes/result.ts';
import type { CommandError, CtapError } from '../ctap2/errors.ts';
import { CtapStatus } from '../ctap2/status.ts';
import type { TransportError, TransportProblem } from '../transport/device.ts';

/** Why managing a key failed; stable names for programs. */
export type ManagementReason =
  | 'cancelled'
  | 'timeout'
  | 'noKey'
  | 'severalKeys'
  | 'wrongKey'
  | 'disconnected'
  | 'accessDenied'
  | 'busy'
  | 'deviceError'
  | 'notSupported'
  | 'pinNotSet'
  | 'pinAlreadySet'
  | 'pinNeeded'
  | 'pinInvalid'
  | 'pinAuthBlocked'
  | 'pinBlocked'
  | 'pinTooShort'
  | 'pinTooLong'
  | 'pinPolicy'
  | 'pinChangeRequired'
  | 'uvInvalid'
  | 'uvBlocked'
  | 'permissionRefused'
  | 'notFound'
  | 'ambiguous'
  | 'nameTooLong'
  | 'fingerprintExists'
  | 'fingerprintsFull'
  | 'keyStoreFull'
  | 'minPinLengthTooSmall'
  | 'deniedOnDevice'
  | 'notAllowed'
  | 'resetTooLate'
  | 'notConfirmed';

/** A failure of key management. `message` is one or two sentences for people; neither it nor `detail` holds secrets. */
export interface ManagementError {
  readonly kind: 'management';
  readonly reason: ManagementReason;
  readonly message: string;
  /** For developers. */
  readonly detail?: string;
  /** Wrong PINs that the key still takes, where that matters. */
  readonly pinRetries?: number;
}

/** Builds a failure. */
export function managementFailure(
  reason: ManagementReason,
  message: string,
  more: Pick<ManagementError, 'detail' | 'pinRetries'> = {},
): Result<never, ManagementError> {
  return failure({ kind: 'management', reason, message, ...more });
}

type Meaning = readonly [reason: ManagementReason, message: string];

const BY_PROBLEM: Readonly<Record<TransportProblem, Meaning>> = {
  accessDenied: ['accessDenied', 'The operating system does not allow access to the key. "keystile doctor" tells how to mend that.'],
  busy: ['busy', 'Another program uses the key. Close it, or wait until it has finished.'],
  disconnected: ['disconnected', 'The key was removed.'],
  cancelled: ['cancelled', 'Cancelled.'],
  timeout: ['timeout', 'The key does not answer. Remove it and insert it again.'],
  protocol: ['deviceError', 'The key does not follow the protocol. Remove it and insert it again.'],
  forgotten: ['busy', 'Another program used the key at the same time. Run the command again.'],
  unavailable: ['deviceError', 'This way of reaching keys cannot be used here. "keystile doctor" tells how to mend that.'],
};

const BY_STATUS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [CtapStatus.pinInvalid, ['pinInvalid', 'The PIN is wrong.']],
  [CtapStatus.pinAuthBlocked, ['pinAuthBlocked', 'Too many wrong PINs in a row. Remove the key, insert it again, and try once more.']],
  [CtapStatus.pinBlocked, ['pinBlocked', 'The PIN is blocked after too many wrong ones. Only a reset, which erases the key, makes it usable again.']],
  [CtapStatus.pinNotSet, ['pinNotSet', 'The key has no PIN. Set one first: keystile keys pin set']],
  [CtapStatus.pinPolicyViolation, ['pinPolicy', 'The key refuses this PIN: it breaks a rule of the key.']],
  [CtapStatus.pinAuthInvalid, ['permissionRefused', 'The key no longer accepts the permission. Run the command again.']],
  [CtapStatus.pinTokenExpired, ['permissionRefused', 'The permission has run out. Run the command again.']],
  [CtapStatus.unauthorizedPermission, ['permissionRefused', 'The key does not give the permission for this.']],
  [CtapStatus.puatRequired, ['pinNeeded', 'The key wants the PIN or a fingerprint for this.']],
  [CtapStatus.uvInvalid, ['uvInvalid', 'The key did not recognise the fingerprint.']],
  [CtapStatus.uvBlocked, ['uvBlocked', 'Fingerprints are blocked after too many tries. The PIN unblocks them.']],
  [CtapStatus.keyStoreFull, ['keyStoreFull', 'The key has no room for this.']],
  [CtapStatus.fpDatabaseFull, ['fingerprintsFull', 'The key has no room for another fingerprint. Delete one first.']],
  [CtapStatus.operationDenied, ['deniedOnDevice', 'The key declined, or was not touched in time.']],
  [CtapStatus.userActionTimeout, ['timeout', 'The key was not touched in time.']],
  [CtapStatus.actionTimeout, ['timeout', 'The key was not touched in time.']],
  [CtapStatus.keepaliveCancel, ['cancelled', 'Cancelled.']],
  [CtapStatus.invalidCommand, ['notSupported', 'The key does not know this command.']],
  [CtapStatus.invalidSubcommand, ['notSupported', 'The key does not know this command.']],
  [CtapStatus.unsupportedOption, ['notSupported', 'The key cannot do this.']],
  [CtapStatus.notAllowed, ['notAllowed', 'The key does not allow this now.']],
  [CtapStatus.noCredentials, ['notFound', 'The key has no such credential.']],
]);

/** What an error of a command means to the person who manages a key. Every status byte means something. */
export function explainCommandError(error: CommandError): ManagementError {
  switch (error.kind) {
    case 'transport':
      return explainTransportError(error);
    case 'ctap':
      return explainStatus(error);
    case 'malformed':
      return explained(['deviceError', 'The key gave an answer that cannot be used.'], `${error.command}: ${error.detail}`);
  }
}

/** What an error of a transport means to the person who manages a key. */
export function explainTransportError(error: TransportError): ManagementError {
  return explained(BY_PROBLEM[error.problem], `${error.transport}: ${error.detail}`);
}

function explainStatus({ command, status, statusName }: CtapError): ManagementError {
  const meaning = BY_STATUS.get(status) ?? (['deviceError', `The key answered with the error ${statusName}.`] as const);
  return explained(meaning, `${command}: ${statusName}`);
}

function explained([reason, message]: Meaning, detail: string): ManagementError {
  return { kind: 'management', reason, message, detail };
}
