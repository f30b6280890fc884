import type { Result } from '../../../shared/bytes/result.ts';
import type { PcscError } from '../../pcsclite/errors.ts';
import type { TransportStatus } from '../../transport/device.ts';
import type { System } from '../system.ts';
import type { BrowserState } from './browser-state.ts';
import type { HelloCommand, HelloError, HostHello } from './hello.ts';

/** How a check came out. `warning`: works, but not everything or not for long; `problem`: something must be mended. */
export type CheckState = 'ok' | 'warning' | 'problem' | 'skipped';

/** One answer of the doctor. */
export interface Check {
  /** Stable; `registration.chrome`, `pcsc`. */
  readonly id: string;
  readonly state: CheckState;
  /** What was found, in one line. */
  readonly title: string;
  /** Why it is so, or what it means. */
  readonly detail: string;
  /** What to do next. Always there when the state is `problem`. */
  readonly remedy?: string;
}

/** What the doctor looks at besides files and settings. */
export interface Probes {
  /** Starts the host as a browser would and asks it who it is. */
  hello(command: HelloCommand): Promise<Result<HostHello, HelloError>>;
  /** Whether USB HID can be used at all. */
  usb(): Promise<TransportStatus>;
  /** The PC/SC readers. */
  readers(): Promise<Result<readonly string[], PcscError>>;
}

/** What every check gets. */
export interface DoctorContext {
  readonly system: System;
  readonly probes: Probes;
  /** Version of this `keystile` command. */
  readonly version: string;
  /** Every browser of the table, with what was found of it. */
  readonly browsers: readonly BrowserState[];
}

/** Looks at one matter; gives one answer, or one for each browser. */
export type CheckRunner = (context: DoctorContext) => Promise<readonly Check[]> | readonly Check[];
