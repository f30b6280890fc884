import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';
import { type AccessCodeRecord, findUserById, findUserByName, normalizeUserName, type TenantUser } from './data.ts';
import { type Refusal, refusal } from './refusals.ts';
import { type TenantStore } from './store.ts';

const MAX_FAILURES = 5;
const HASH_BYTES = 32;
/** No vowels and no look-alikes: nothing to misread, no words by accident. */
const CODE_ALPHABET = 'BCDFGHJKMNPQRSTVWXZ23456789';
const CODE_LENGTH = 10;

/** What became of an access code that somebody entered. */
export type AccessCodeOutcome = { readonly ok: true; readonly user: TenantUser } | { readonly ok: false; readonly refusal: Refusal };

/** Issues and redeems temporary access codes: one a user, single use, expiring, void after five wrong tries. Only a scrypt hash is kept. */
export class AccessCodes {
  readonly #store: TenantStore;
  readonly #clock: () => number;
  readonly #lifetimeMs: number;

  /** @param lifetimeMs how long an issued code is good, in milliseconds. */
  constructor(store: TenantStore, clock: () => number, lifetimeMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  /**
   * Makes sure the user exists. With `code`, that code becomes the user's, unless it is the one the user already
   * has or had: a restart with the same command line must not make a used code good again.
   */
  async seed(userName: string, code: string | undefined, displayName?: string): Promise<void> {
    const name = checkedUserName(userName);
    const existing = findUserByName(this.#store.data, name);
    const previous = existing?.accessCode ?? undefined;
    const isSameCode = code !== undefined && previous !== undefined && (await matches(previous, code));
    const accessCode = code === undefined || isSameCode ? undefined : await this.#record(code);
    if (existing && !accessCode) return;
    await this.#store.update((draft) => {
      const user = findUserByName(draft, name);
      if (user) user.accessCode = accessCode ?? user.accessCode;
      else {
        draft.users.push({
          id: randomBytes(32).toString('base64url'),
          name,
          displayName: displayName ?? name,
          accessCode: accessCode ?? null,
          credentials: [],
        });
      }
    });
  }

  /** Gives the user (created when missing) a new random code and returns it; an older code is void. */
  async issue(userName: string): Promise<string> {
    const code = Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET.charAt(randomInt(CODE_ALPHABET.length))).join('');
    await this.seed(userName, code);
    return code;
  }

  /** Redeems a code. That it was used or has expired is told only to somebody who knows it. */
  async redeem(userName: string, code: string): Promise<AccessCodeOutcome> {
    const found = findUserByName(this.#store.data, userName);
    const record = found?.accessCode ?? undefined;
    const isMatch = await matches(record ?? PLACEHOLDER, code);
    if (!found || !record) return refuse('code-wrong', 'no such user, or the user has no code');
    if (record.failures >= MAX_FAILURES) return refuse('code-blocked');
    if (!isMatch) {
      await this.#store.update((draft) => {
        const current = findUserById(draft, found.id)?.accessCode;
        if (current?.hash === record.hash) current.failures += 1;
      });
      return refuse('code-wrong', 'the code does not match');
    }
    return this.#store.update((draft): AccessCodeOutcome => {
      const user = findUserById(draft, found.id);
      const current = user?.accessCode;
      // Somebody may have used or replaced the code while the hash was computed.
      if (!user || current?.hash !== record.hash) return refuse('code-wrong', 'the code was replaced');
      if (current.usedAt !== null) return refuse('code-used');
      if (this.#clock() >= current.expiresAt) return refuse('code-expired');
      current.usedAt = this.#clock();
      return { ok: true, user };
    });
  }

  async #record(code: string): Promise<AccessCodeRecord> {
    if (!/^[\x21-\x7e]{6,64}$/.test(code)) throw new RangeError('A temporary access code has 6 to 64 visible ASCII characters.');
    const salt = randomBytes(16);
    const hash = await hashCode(code, salt);
    return {
      salt: salt.toString('base64url'),
      hash: hash.toString('base64url'),
      expiresAt: this.#clock() + this.#lifetimeMs,
      usedAt: null,
      failures: 0,
    };
  }
}

/** Matches no code; hashing against it makes an unknown user take as long as a known one. */
const PLACEHOLDER: Pick<AccessCodeRecord, 'salt' | 'hash'> = {
  salt: Buffer.alloc(16).toString('base64url'),
  hash: Buffer.alloc(HASH_BYTES).toString('base64url'),
};

function refuse(reason: Refusal['reason'], detail?: string): AccessCodeOutcome {
  return { ok: false, refusal: refusal(reason, detail) };
}

function checkedUserName(userName: string): string {
  const name = normalizeUserName(userName);
  if (!/^[^\s:]{1,64}$/.test(name)) throw new RangeError('A user name has 1 to 64 characters, no space and no colon.');
  return name;
}

async function matches(record: Pick<AccessCodeRecord, 'salt' | 'hash'>, code: string): Promise<boolean> {
  const expected = Buffer.from(record.hash, 'base64url');
  const actual = await hashCode(code, Buffer.from(record.salt, 'base64url'));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function hashCode(code: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(code, salt, HASH_BYTES, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
