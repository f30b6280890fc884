import { failure, type Result } from '../../shared/bytes/result.ts';
import { PcscCode } from './constants.ts';

/** Why PC/SC cannot be used, or has no readers. */
export const PcscProblem = {
  /** The foreign function package, or its binary for this system, cannot be loaded. */
  bindingMissing: 'bindingMissing',
  /** The PC/SC library of the system cannot be loaded. */
  libraryMissing: 'libraryMissing',
  /** The PC/SC service does not run. */
  noService: 'noService',
  /** The service runs and knows no reader. */
  noReaders: 'noReaders',
  /** The service did not answer in time. */
  timeout: 'timeout',
  failed: 'failed',
} as const;
export type PcscProblem = (typeof PcscProblem)[keyof typeof PcscProblem];

/** A refused or impossible PC/SC call. `code` is the library's own (`0x8010001D`), if it got so far. */
export interface PcscError {
  readonly kind: 'pcsc';
  readonly problem: PcscProblem;
  readonly code?: number;
  readonly detail: string;
}

/** What callbacks and `error` events of the drop-in are given. `code` as in {@link PcscError}. */
export class PcscLiteError extends Error {
  override readonly name = 'PcscLiteError';
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.code = code;
  }
}

/** An error as a value. */
export function refuse(problem: PcscProblem, detail: string, code?: number): Result<never, PcscError> {
  return failure({ kind: 'pcsc', problem, detail, ...(code === undefined ? {} : { code }) });
}

/** What a call's code means for the use of PC/SC as a whole. */
export function refuseCode(call: string, code: number): Result<never, PcscError> {
  return refuse(problemOf(code), describeCode(call, code), code);
}

/** `SCardConnect gave 0x80100069 (removedCard).` */
export function describeCode(call: string, code: number): string {
  const name = Object.entries(PcscCode).find(([, value]) => value === code)?.[0];
  const hex = `0x${code.toString(16).toUpperCase().padStart(8, '0')}`;
  return `${call} gave ${hex}${name === undefined ? '' : ` (${name})`}.`;
}

/** An error's text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function problemOf(code: number): PcscProblem {
  switch (code) {
    case PcscCode.noReadersAvailable:
      return PcscProblem.noReaders;
    case PcscCode.noService:
    case PcscCode.serviceStopped:
      return PcscProblem.noService;
    default:
      return PcscProblem.failed;
  }
}
