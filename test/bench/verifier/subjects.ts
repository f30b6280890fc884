import type { KeyImporter, VerificationKey } from '../../../shared/cose/signature.ts';
import { type AuthenticationInput, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';

/** What is judged, in Node and in browsers. */
export interface Samples {
  readonly signIn: AuthenticationInput;
  readonly none: RegistrationInput;
  readonly certified: RegistrationInput;
  /** Uncompressed point on P-256, a signature (r and s) of its key, and what was signed. */
  readonly point: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** What is measured, by name. */
export type Subjects<Name extends string> = Readonly<Record<Name, () => Promise<void>>>;

type VerifierTask =
  | 'authentication, cached key'
  | 'authentication, cold'
  | 'registration, none'
  | 'registration, packed with chain'
  | 'registration, packed, issuer key cached';

/** Our verifier, with keys of the given importer. */
export function verifierSubjects({ signIn, none, certified }: Samples, importKey: KeyImporter): Subjects<VerifierTask> {
  const keyCache = new Map<string, VerificationKey>();
  const authenticate = async (input: AuthenticationInput): Promise<void> =>
    expectAccepted((await verifyAuthentication(input)).report.verdict === 'accepted');
  const register = async (input: RegistrationInput): Promise<void> =>
    expectAccepted((await verifyRegistration(input)).report.verdict === 'accepted');
  return {
    'authentication, cached key': () => authenticate({ ...signIn, importKey, keyCache }),
    'authentication, cold': () => authenticate({ ...signIn, importKey }),
    'registration, none': () => register({ ...none, importKey }),
    'registration, packed with chain': () => register({ ...certified, importKey }),
    'registration, packed, issuer key cached': () => register({ ...certified, importKey, keyCache }),
  };
}

/** What no verifier over WebCrypto can be below: the trip through the thread pool, and the import. */
export function webCryptoAlone({ point, signature, data }: Samples): Subjects<'key at hand' | 'with import'> {
  const importKey = (): Promise<CryptoKey> =>
    crypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const check = async (key: CryptoKey): Promise<void> => {
    expectAccepted(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, data));
  };
  const key = importKey();
  return {
    'key at hand': async () => check(await key),
    'with import': async () => check(await importKey()),
  };
}

/** A subject that judges otherwise is not measured. */
export function expectAccepted(isAccepted: boolean): void {
  if (!isAccepted) throw new Error('What is measured must be accepted.');
}

/** The subjects under names that begin with `prefix`. */
export function named<Prefix extends string, Name extends string>(
  prefix: Prefix,
  subjects: Subjects<Name>,
): Subjects<`${Prefix}${Name}`> {
  const runs = Object.entries<() => Promise<void>>(subjects);
  return Object.fromEntries(runs.map(([name, run]) => [`${prefix}${name}`, run])) as Subjects<`${Prefix}${Name}`>;
}

const ROUNDS = 15;
const WARM_UP = 300;
const PER_ROUND = 100;

/**
 * Runs the subjects one after another, in rounds that take turns, so that a busy moment of the machine hits all of them.
 *
 * @returns milliseconds of a run, one mean for each round.
 */
export async function measureInTurns<Name extends string>(
  subjects: Readonly<Record<Name, () => unknown>>,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const runs = Object.entries<() => unknown>(subjects).map(([name, run]) => ({ name, run, times: [] as number[] }));
  for (const { run } of runs) for (let count = 0; count < WARM_UP; count += 1) await run();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { run, times } of runs) {
      const started = performance.now();
      for (let count = 0; count < PER_ROUND; count += 1) await run();
      times.push((performance.now() - started) / PER_ROUND);
    }
  }
  return Object.fromEntries(runs.map(({ name, times }): [string, readonly number[]] => [name, times])) as Record<Name, readonly number[]>;
}
