import type { Guest } from './guest.ts';

/** One test that runs in the guest, with no key plugged in at first. It rejects when something is not as it should be. */
export interface GuestCase {
  readonly name: string;
  readonly run: (guest: Guest) => Promise<void>;
}

/** What became of a case. */
export interface CaseResult {
  readonly name: string;
  /** Milliseconds. */
  readonly ms: number;
  /** Absent when all was well. */
  readonly error?: string;
}
