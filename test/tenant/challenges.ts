import { type DeviceKind } from './data.ts';
import { type RefusalReason } from './refusals.ts';

/** A challenge is good for this long. */
const LIFETIME_MS = 10 * 60_000;
/** Old challenges are remembered this long, only to say why they are refused. */
const MEMORY_MS = 2 * LIFETIME_MS;
const MAX_CHALLENGES = 10_000;

/** What a challenge was issued for. The answer is judged by this, never by what the page echoes. */
export type ChallengePurpose =
  | { readonly type: 'registration'; readonly rpId: string; readonly userId: string; readonly device: DeviceKind }
  | { readonly type: 'authentication'; readonly rpId: string; readonly userId: string | undefined };

interface ChallengeRecord {
  readonly sessionId: string;
  readonly purpose: ChallengePurpose;
  readonly issuedAt: number;
  used: boolean;
}

/** Outcome of `Challenges.take`. */
export type TakenChallenge<Type extends ChallengePurpose['type']> =
  | { readonly ok: true; readonly purpose: Extract<ChallengePurpose, { type: Type }> }
  | { readonly ok: false; readonly reason: Extract<RefusalReason, `challenge-${string}`> };

/** The challenges a tenant has issued: 32 random bytes, bound to a session, good once and for ten minutes. */
export class Challenges {
  readonly #records = new Map<string, ChallengeRecord>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Issues a challenge for one purpose in one session. */
  issue(sessionId: string, purpose: ChallengePurpose): Uint8Array<ArrayBuffer> {
    this.#forgetOld();
    const challenge = crypto.getRandomValues(new Uint8Array(32));
    this.#records.set(Buffer.from(challenge).toString('base64url'), {
      sessionId,
      purpose,
      issuedAt: this.#clock(),
      used: false,
    });
    return challenge;
  }

  /** Spends a challenge (base64url). Whatever becomes of the answer, it is never good again. */
  take<Type extends ChallengePurpose['type']>(sessionId: string, type: Type, challenge: string): TakenChallenge<Type> {
    const record = this.#records.get(challenge);
    if (!record) return { ok: false, reason: 'challenge-unknown' };
    if (record.used) return { ok: false, reason: 'challenge-used' };
    // An answer from elsewhere must not spend the challenge of the session it belongs to.
    if (record.sessionId !== sessionId || !isFor(record.purpose, type)) return { ok: false, reason: 'challenge-unknown' };
    record.used = true;
    if (this.#clock() - record.issuedAt >= LIFETIME_MS) return { ok: false, reason: 'challenge-expired' };
    return { ok: true, purpose: record.purpose };
  }

  #forgetOld(): void {
    for (const [challenge, record] of this.#records) {
      const isOld = this.#clock() - record.issuedAt >= MEMORY_MS;
      // The map keeps the order of issue: the first one that may stay ends the search.
      if (!isOld && this.#records.size < MAX_CHALLENGES) return;
      this.#records.delete(challenge);
    }
  }
}

function isFor<Type extends ChallengePurpose['type']>(
  purpose: ChallengePurpose,
  type: Type,
): purpose is Extract<ChallengePurpose, { type: Type }> {
  return purpose.type === type;
}
