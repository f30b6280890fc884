import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type SignInMethod } from './events.ts';

const ANONYMOUS_LIFETIME_MS = 30 * 60_000;
const SIGNED_IN_LIFETIME_MS = 8 * 60 * 60_000;
/** A change of security info needs a sign-in this recent. */
const FRESH_SIGN_IN_MS = 5 * 60_000;
const MAX_SESSIONS = 10_000;

/** Who a session belongs to, and since when. */
export interface SignedIn {
  /** User handle, base64url. */
  readonly userId: string;
  readonly method: SignInMethod;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A text shown once, on the next page. */
export interface Notice {
  /** Value of `data-result`. */
  readonly result: string;
  readonly text: string;
  /** Whether the page shows it as an error. */
  readonly isError?: boolean;
}

/** A browser's session. Lives in memory: a restart signs everybody out. */
export interface Session {
  /** The cookie's value: 32 random bytes, base64url. */
  readonly id: string;
  readonly csrfToken: string;
  readonly signedIn: SignedIn | undefined;
  expiresAt: number;
  notice: Notice | undefined;
}

/** All sessions of a tenant. At most 10 000; beyond that the oldest ends. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The live session of a cookie value, its idle time started anew; or undefined. */
  find(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (!session) return undefined;
    if (this.#clock() >= session.expiresAt) {
      this.#sessions.delete(id);
      return undefined;
    }
    session.expiresAt = this.#clock() + lifetime(session.signedIn);
    return session;
  }

  /** A session of nobody, to which challenges and a form token can be bound. */
  startAnonymous(): Session {
    return this.#start(undefined);
  }

  /** Replaces a session by a signed-in one with a new id, so that an id planted before the sign-in is worth nothing. */
  signIn(previous: Session, userId: string, method: SignInMethod): Session {
    this.end(previous);
    return this.#start({ userId, method, at: this.#clock() });
  }

  /** Ends a session. */
  end(session: Session): void {
    this.#sessions.delete(session.id);
  }

  /** Whether the person of this session signed in within the last five minutes. */
  isFresh(session: Session): boolean {
    return session.signedIn !== undefined && this.#clock() - session.signedIn.at <= FRESH_SIGN_IN_MS;
  }

  #start(signedIn: SignedIn | undefined): Session {
    if (this.#sessions.size >= MAX_SESSIONS) {
      for (const oldest of this.#sessions.keys()) {
        this.#sessions.delete(oldest);
        break;
      }
    }
    const session: Session = {
      id: randomBytes(32).toString('base64url'),
      csrfToken: randomBytes(32).toString('base64url'),
      signedIn,
      expiresAt: this.#clock() + lifetime(signedIn),
      notice: undefined,
    };
    this.#sessions.set(session.id, session);
    return session;
  }
}

/** Whether `token` is the session's form token (compared in constant time). */
export function isCsrfToken(session: Session, token: string): boolean {
  const expected = Buffer.from(session.csrfToken);
  const actual = Buffer.from(token);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function lifetime(signedIn: SignedIn | undefined): number {
  return signedIn ? SIGNED_IN_LIFETIME_MS : ANONYMOUS_LIFETIME_MS;
}
