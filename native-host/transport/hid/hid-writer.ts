import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { TransportError } from '../device.ts';
import type { ReportPipe } from './report-pipe.ts';

/** Sends messages over a pipe, report by report, never two messages at once. */
export class HidWriter {
  readonly #pipe: ReportPipe;
  #last: Promise<Result<undefined, TransportError>> = Promise.resolve(success(undefined));
  #pending = 0;

  constructor(pipe: ReportPipe) {
    this.#pipe = pipe;
  }

  /** Sends the reports behind those of earlier calls; resolves when all are sent, or with the first failure. */
  send(reports: readonly Bytes[]): Promise<Result<undefined, TransportError>> {
    // Without anything before it, the first report leaves in this very turn.
    const sent = this.#pending === 0 ? this.#write(reports) : this.#last.then(() => this.#write(reports));
    this.#pending += 1;
    this.#last = sent.then((result) => {
      this.#pending -= 1;
      return result;
    });
    return this.#last;
  }

  async #write(reports: readonly Bytes[]): Promise<Result<undefined, TransportError>> {
    for (const report of reports) {
      const sent = await this.#pipe.write(report);
      if (!sent.ok) return sent;
    }
    return success(undefined);
  }
}
