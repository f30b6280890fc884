import type { CeremonyReason } from '../../shared/wire/ceremony-state.ts';
import type { CommandError } from '../ctap2/errors.ts';
import { CtapStatus } from '../ctap2/status.ts';
import { TransportProblem } from '../transport/device.ts';
import { type U2fMessageError, U2fStatus } from '../u2f/message.ts';
import { OperationFailure } from './operation-failure.ts';

/** Everything that can come of an operation on a key but its result. */
export type OperationError = CommandError | U2fMessageError;

const BY_PROBLEM: Readonly<Record<TransportProblem, OperationFailure>> = {
  [TransportProblem.accessDenied]: OperationFailure.accessDenied,
  [TransportProblem.busy]: OperationFailure.busy,
  [TransportProblem.disconnected]: OperationFailure.disconnected,
  [TransportProblem.cancelled]: OperationFailure.cancelled,
  [TransportProblem.timeout]: OperationFailure.deviceError,
  [TransportProblem.protocol]: OperationFailure.deviceError,
  [TransportProblem.forgotten]: OperationFailure.deviceError,
  [TransportProblem.unavailable]: OperationFailure.deviceError,
};

const BY_STATUS: ReadonlyMap<number, OperationFailure> = new Map([
  [CtapStatus.credentialExcluded, OperationFailure.credentialExcluded],
  [CtapStatus.noCredentials, OperationFailure.noCredentials],
  // Some keys say so of a list whose entries they did not make.
  [CtapStatus.invalidCredential, OperationFailure.noCredentials],
  [CtapStatus.operationDenied, OperationFailure.denied],
  [CtapStatus.userActionTimeout, OperationFailure.userTimeout],
  [CtapStatus.actionTimeout, OperationFailure.userTimeout],
  [CtapStatus.upRequired, OperationFailure.userTimeout],
  [CtapStatus.keepaliveCancel, OperationFailure.cancelled],
  [CtapStatus.pinInvalid, OperationFailure.pinInvalid],
  [CtapStatus.pinBlocked, OperationFailure.pinBlocked],
  [CtapStatus.pinAuthBlocked, OperationFailure.pinAuthBlocked],
  [CtapStatus.pinAuthInvalid, OperationFailure.tokenRefused],
  [CtapStatus.pinTokenExpired, OperationFailure.tokenRefused],
  [CtapStatus.unauthorizedPermission, OperationFailure.tokenRefused],
  [CtapStatus.pinNotSet, OperationFailure.pinNotSet],
  [CtapStatus.pinPolicyViolation, OperationFailure.pinPolicyViolation],
  [CtapStatus.puatRequired, OperationFailure.uvDemanded],
  [CtapStatus.uvInvalid, OperationFailure.uvInvalid],
  [CtapStatus.uvBlocked, OperationFailure.uvBlocked],
  [CtapStatus.notAllowed, OperationFailure.notAllowed],
  [CtapStatus.requestTooLarge, OperationFailure.requestTooLong],
  [CtapStatus.limitExceeded, OperationFailure.requestTooLong],
  [CtapStatus.invalidLength, OperationFailure.requestTooLong],
  [CtapStatus.keyStoreFull, OperationFailure.keyStoreFull],
  [CtapStatus.unsupportedAlgorithm, OperationFailure.unsupportedAlgorithm],
  [CtapStatus.unsupportedOption, OperationFailure.unsupportedOption],
]);

/** What an error of a command means to a ceremony. Every status and every transport problem means something. */
export function operationFailureOf(error: OperationError): OperationFailure {
  switch (error.kind) {
    case 'transport':
      return BY_PROBLEM[error.problem];
    case 'ctap':
      return BY_STATUS.get(error.status) ?? OperationFailure.deviceError;
    case 'u2f':
      return error.status === U2fStatus.wrongData ? OperationFailure.noCredentials : OperationFailure.deviceError;
    case 'malformed':
    case 'malformedU2f':
      return OperationFailure.deviceError;
  }
}

/** An error in words for the developer, without any payload. */
export function describeCommandError(error: OperationError): string {
  switch (error.kind) {
    case 'transport':
      return `${error.transport}: ${error.problem}. ${error.detail}`;
    case 'ctap':
      return `The key answered ${error.command} with ${error.statusName}.`;
    case 'u2f':
      return `The key answered the U2F message ${error.message} with status ${error.status.toString(16)}.`;
    case 'malformedU2f':
      return `The key's answer to the U2F message ${error.message} cannot be used: ${error.detail}`;
    case 'malformed':
      return `The key's answer to ${error.command} cannot be used: ${error.detail}`;
  }
}

/** The reason of a ceremony that a failed operation ends. */
const REASONS: Readonly<Record<OperationFailure, CeremonyReason>> = {
  disconnected: 'deviceRemoved',
  // We end what we cancel ourselves: this was another program's doing, or the key's.
  cancelled: 'deniedOnDevice',
  accessDenied: 'deviceError',
  busy: 'deviceError',
  credentialExcluded: 'credentialExcluded',
  noCredentials: 'noCredentials',
  denied: 'deniedOnDevice',
  userTimeout: 'deniedOnDevice',
  pinInvalid: 'deviceError',
  pinBlocked: 'pinBlocked',
  pinAuthBlocked: 'deviceError',
  tokenRefused: 'deviceError',
  pinNotSet: 'deviceError',
  pinPolicyViolation: 'pinPolicyViolation',
  uvDemanded: 'deviceError',
  uvInvalid: 'deviceError',
  uvBlocked: 'uvBlocked',
  notAllowed: 'deviceError',
  keyStoreFull: 'keyStoreFull',
  requestTooLong: 'deviceError',
  unsupportedAlgorithm: 'unsupportedAlgorithm',
  unsupportedOption: 'unsupportedRequirement',
  deviceError: 'deviceError',
};

/** The reason of a ceremony that ends by a failed operation, where the machine knows nothing better to do. */
export function reasonOf(failure: OperationFailure): CeremonyReason {
  return REASONS[failure];
}
