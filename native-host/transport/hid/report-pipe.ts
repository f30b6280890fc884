import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import type { TransportError } from '../device.ts';

/** What a pipe tells its user. */
export interface ReportListener {
  /** An input report, without a report ID. */
  readonly report: (report: Uint8Array) => void;
  /** The key went away; nothing comes any more. At most once, and not after `close`. */
  readonly closed: () => void;
}

/** An opened HID device, or what stands for one: reports out and in. */
export interface ReportPipe {
  /** Bytes of an output report, without a report ID. */
  readonly reportSize: number;
  /** Sends one report; the next one only after this one's promise has resolved. */
  write(report: Bytes): Promise<Result<undefined, TransportError>>;
  /** Starts delivery. Called once. */
  listen(listener: ReportListener): void;
  /** Gives the device back. Idempotent. */
  close(): Promise<void>;
}
