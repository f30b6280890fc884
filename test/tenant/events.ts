/** How a person proved who they are. */
export type SignInMethod = 'security-key' | 'access-code';

/** What the tenant's own verification concluded. Times are milliseconds since the epoch, by the tenant's clock. */
export type TenantEvent =
  | {
      readonly type: 'registered';
      readonly at: number;
      readonly userName: string;
      /** base64url */
      readonly credentialId: string;
      /** UUID text */
      readonly aaguid: string;
      readonly fmt: string;
      readonly userVerified: boolean;
      readonly transports: readonly string[];
    }
  | {
      readonly type: 'signed-in';
      readonly at: number;
      readonly userName: string;
      readonly method: SignInMethod;
      /** base64url; undefined for an access code. */
      readonly credentialId: string | undefined;
      readonly userVerified: boolean;
    }
  | { readonly type: 'signed-out'; readonly at: number; readonly userName: string }
  | { readonly type: 'deleted'; readonly at: number; readonly userName: string; readonly credentialId: string }
  | {
      readonly type: 'refused';
      readonly at: number;
      readonly during: 'registration' | 'sign-in' | 'request';
      /** Stable code, see `refusals.ts`. */
      readonly reason: string;
      /** One line for a developer; holds no secret. */
      readonly detail: string;
    };

/** The event of one type. */
export type TenantEventOf<Type extends TenantEvent['type']> = Extract<TenantEvent, { type: Type }>;

const MAX_EVENTS = 1000;

/** The log of a running tenant: what happened so far, and what happens next. Holds the newest 1000 events. */
export class TenantEvents {
  readonly #log: TenantEvent[] = [];
  readonly #listeners = new Set<(event: TenantEvent) => void>();

  /** Every event so far, oldest first (a copy). */
  list(): readonly TenantEvent[] {
    return [...this.#log];
  }

  /** Calls `listener` for every later event. Returns the function that stops it. */
  onEvent(listener: (event: TenantEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds an event to the log and tells the listeners. */
  add(event: TenantEvent): void {
    this.#log.push(event);
    if (this.#log.length > MAX_EVENTS) this.#log.shift();
    for (const listener of [...this.#listeners]) listener(event);
  }

  /**
   * The next event of `type` that is not in the log yet. Call it before the action that causes the event.
   * @param timeoutMs deadline in milliseconds; rejects with an Error that names the type when it passes.
   */
  next<Type extends TenantEvent['type']>(type: Type, timeoutMs = 10_000): Promise<TenantEventOf<Type>> {
    return new Promise((resolve, reject) => {
      const stop = this.onEvent((event) => {
        if (!isOfType(event, type)) return;
        clearTimeout(timer);
        stop();
        resolve(event);
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`The tenant reported no "${type}" event within ${timeoutMs.toString()} ms.`));
      }, timeoutMs);
    });
  }
}

function isOfType<Type extends TenantEvent['type']>(event: TenantEvent, type: Type): event is TenantEventOf<Type> {
  return event.type === type;
}
