import type { Environment } from './environment.ts';
import type { Exchange } from './exchange.ts';
import type { Settings } from './settings.ts';
import { CtapFailure, CtapStatus } from './status.ts';

/** How a wait for the user ended. */
export type PresenceOutcome = 'given' | 'timeout' | 'cancelled';

// How long a touch counts for U2F, whose platform asks again and again instead of waiting (U2F raw messages §5.1).
const TOUCH_LIFE = 10_000;
// A U2F platform polls every few hundred milliseconds; silent for longer, it has given up.
const POLL_LIFE = 2000;

/** The simulated user: touches at once, after a delay, never, or when told to. */
export class User {
  readonly #environment: Environment;
  readonly #settings: () => Settings;
  readonly #changed: () => void;
  #resolve: ((outcome: PresenceOutcome) => void) | undefined;
  #touchedAt: number | undefined;
  #polledSince: number | undefined;
  #polledAt: number | undefined;

  /** `changed` is told whenever `waiting` may have changed. */
  constructor(environment: Environment, settings: () => Settings, changed: () => void) {
    this.#environment = environment;
    this.#settings = settings;
    this.#changed = changed;
  }

  /** The key is blinking. */
  get waiting(): boolean {
    if (this.#resolve !== undefined) return true;
    return this.#polledAt !== undefined && this.#environment.now() - this.#polledAt < POLL_LIFE;
  }

  /** Waits for a touch, at most `timeout` milliseconds. Source: CTAP 2.1 §6.1.2 step 14 ("evidence of user interaction"). */
  async request(exchange: Exchange, timeout = this.#settings().presenceTimeout): Promise<PresenceOutcome> {
    if (exchange.signal.aborted) return 'cancelled';
    const undo: (() => void)[] = [];
    const outcome = new Promise<PresenceOutcome>((resolve) => {
      this.#resolve = resolve;
      const cancel = (): void => resolve('cancelled');
      exchange.signal.addEventListener('abort', cancel, { once: true });
      undo.push(() => exchange.signal.removeEventListener('abort', cancel));
      undo.push(this.#environment.schedule(timeout, () => resolve('timeout')));
    });
    exchange.keepalive('userPresenceNeeded');
    this.#changed();
    undo.push(this.#obeySettings());
    const ended = await outcome;
    for (const action of undo) action();
    this.#resolve = undefined;
    this.#changed();
    if (ended !== 'cancelled') exchange.keepalive('processing');
    return ended;
  }

  /** Like {@link request}, but a wait that ends otherwise ends the command; `timeoutStatus` unless the settings say another. */
  async require(exchange: Exchange, timeoutStatus: number): Promise<void> {
    const outcome = await this.request(exchange);
    if (outcome === 'cancelled') throw new CtapFailure(CtapStatus.keepaliveCancel);
    if (outcome === 'timeout') throw new CtapFailure(this.#settings().presenceTimeoutStatus ?? timeoutStatus);
  }

  /** U2F: tells whether the user has touched the key lately, and uses that touch up. Never waits. */
  poll(): boolean {
    const now = this.#environment.now();
    if (this.#polledAt === undefined || now - this.#polledAt >= POLL_LIFE) this.#polledSince = now;
    this.#polledAt = now;
    const given = this.#touchedForPoll(now, this.#polledSince ?? now);
    if (given) {
      this.#touchedAt = undefined;
      this.#polledAt = undefined;
    }
    this.#changed();
    return given;
  }

  #touchedForPoll(now: number, since: number): boolean {
    const { touch } = this.#settings();
    if (touch.mode === 'instant') return true;
    if (touch.mode === 'delay') return now - since >= touch.ms;
    return this.#touchedAt !== undefined && now - this.#touchedAt < TOUCH_LIFE;
  }

  /** Touches the key. True when it was waiting for that. */
  touch(): boolean {
    const waited = this.waiting;
    if (this.#resolve === undefined) this.#touchedAt = this.#environment.now();
    else this.#resolve('given');
    return waited;
  }

  /** The settings changed: a wait that is under way follows them. */
  settingsChanged(): void {
    if (this.#resolve !== undefined) this.#obeySettings();
  }

  /** Power is gone. */
  forget(): void {
    this.#touchedAt = undefined;
    this.#polledAt = undefined;
  }

  #obeySettings(): () => void {
    const { touch } = this.#settings();
    if (touch.mode === 'instant') this.#resolve?.('given');
    if (touch.mode !== 'delay') return () => undefined;
    const resolve = this.#resolve;
    return this.#environment.schedule(touch.ms, () => resolve?.('given'));
  }
}
