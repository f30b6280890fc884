import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { VerificationKey } from '../../../shared/cose/signature.ts';
import { type AuthenticationInput, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';

/** What is judged in the browser. */
export interface Samples {
  readonly signIn: AuthenticationInput;
  readonly none: RegistrationInput;
  readonly certified: RegistrationInput;
  /** Uncompressed point on P-256, a signature (r and s) of its key, and what was signed. */
  readonly point: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
}

const ROUNDS = 15;
const WARM_UP = 300;
const PER_ROUND = 100;

/** What judging costs here, in rounds that take turns. Milliseconds a run, by subject. */
async function measure(samples: Samples): Promise<Readonly<Record<string, readonly number[]>>> {
  const subjects = makeSubjects(samples);
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (const run of Object.values(subjects)) for (let count = 0; count < WARM_UP; count += 1) await run();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(subjects)) {
      const started = performance.now();
      for (let count = 0; count < PER_ROUND; count += 1) await run();
      times[name]?.push((performance.now() - started) / PER_ROUND);
    }
  }
  return times;
}

function makeSubjects({ signIn, none, certified, point, signature, data }: Samples): Readonly<Record<string, () => Promise<void>>> {
  const keyCache = new Map<string, VerificationKey>();
  const importKey = (): Promise<CryptoKey> =>
    crypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const key = importKey();
  const check = async (imported: CryptoKey): Promise<void> => {
    expectAccepted(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, imported, signature, data));
  };
  const authenticate = async (input: AuthenticationInput): Promise<void> =>
    expectAccepted((await verifyAuthentication(input)).report.verdict === 'accepted');
  const register = async (input: RegistrationInput): Promise<void> =>
    expectAccepted((await verifyRegistration(input)).report.verdict === 'accepted');
  return {
    raw: async () => check(await key),
    'WebCrypto alone, with import': async () => check(await importKey()),
    'authentication, cached key': () => authenticate({ ...signIn, keyCache }),
    'authentication, cold': () => authenticate(signIn),
    'registration, none': () => register(none),
    'registration, packed with chain': () => register(certified),
    'registration, packed, issuer key cached': () => register({ ...certified, keyCache }),
  };
}

function expectAccepted(isAccepted: boolean): void {
  if (!isAccepted) throw new Error('What is measured must be accepted.');
}

/** The samples come as JSON, in which `{ bytes }` (base64url) stands for a byte string. */
function revive(_name: string, value: unknown): unknown {
  const bytes = (value as { readonly bytes?: unknown } | null)?.bytes;
  return typeof bytes === 'string' ? decodeBase64url(bytes) : value;
}

Object.assign(globalThis, { measureVerifier: (json: string) => measure(JSON.parse(json, revive) as Samples) });
