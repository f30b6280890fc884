/** One command that the key was given. It never holds parameters: they may tell secrets. */
export interface LogEntry {
  /** Counts from 0 over the life of the key. */
  readonly index: number;
  /** Milliseconds of the environment's clock. */
  readonly at: number;
  /** Such as `makeCredential`, `clientPin.setPin`, `u2f.register`, `unknown`. */
  readonly command: string;
  /** CTAP status byte or U2F status word; absent while the command runs. */
  status?: number;
}

const CAPACITY = 1000;

/** The last commands that a key was given. */
export class CommandLog {
  #entries: LogEntry[] = [];
  #count = 0;

  /** Commands over the life of the key, including those that have left the log. */
  get count(): number {
    return this.#count;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  begin(command: string, at: number): LogEntry {
    const entry: LogEntry = { index: this.#count, at, command };
    this.#count += 1;
    this.#entries.push(entry);
    if (this.#entries.length > CAPACITY) this.#entries = this.#entries.slice(-CAPACITY);
    return entry;
  }
}
