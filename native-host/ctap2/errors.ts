import type { TransportError } from '../transport/device.ts';
import { type CtapStatusName, ctapStatusName } from './status.ts';

/** Commands of this folder: the command byte by name (CTAP 2.2 §6). */
export const CommandCode = {
  makeCredential: 0x01,
  getAssertion: 0x02,
  getInfo: 0x04,
  clientPin: 0x06,
  reset: 0x07,
  getNextAssertion: 0x08,
  bioEnrollment: 0x09,
  credentialManagement: 0x0a,
  selection: 0x0b,
  largeBlobs: 0x0c,
  config: 0x0d,
  /** Of FIDO_2_1_PRE. */
  bioEnrollmentPreview: 0x40,
  /** Of FIDO_2_1_PRE. */
  credentialManagementPreview: 0x41,
} as const;
export type CommandName = keyof typeof CommandCode;

/** The key answered a command with a status other than success. */
export interface CtapError {
  readonly kind: 'ctap';
  readonly command: CommandName;
  /** The status byte; compare it with `CtapStatus`. */
  readonly status: number;
  readonly statusName: CtapStatusName;
}

/** The key reported success, but its answer cannot be used. `detail` carries no payload bytes. */
export interface MalformedResponseError {
  readonly kind: 'malformed';
  readonly command: CommandName;
  readonly detail: string;
}

/** Everything that can come of a command but its response. */
export type CommandError = TransportError | CtapError | MalformedResponseError;

/** Builds the error for a status byte. */
export function ctapError(command: CommandName, status: number): CtapError {
  return { kind: 'ctap', command, status, statusName: ctapStatusName(status) };
}

/** Builds the error for an answer that cannot be used. */
export function malformedResponse(command: CommandName, detail: string): MalformedResponseError {
  return { kind: 'malformed', command, detail };
}
