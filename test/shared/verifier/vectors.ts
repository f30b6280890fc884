import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { supportedAlgorithms } from '../../../shared/cose/algorithms.ts';
import type { KeyImporter } from '../../../shared/cose/signature.ts';
import { importByWebCrypto } from '../../../shared/cose/web-crypto.ts';
import { type AuthenticationInput, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { type RegistrationInput, verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import type { VerificationReport } from '../../../shared/verifier/report.ts';

/** One entry of a vector file; the README beside the files explains the members. */
export interface Vector {
  readonly name: string;
  readonly kind: 'registration' | 'authentication';
  readonly format?: string;
  readonly alg: number | null;
  readonly response: {
    readonly id: string;
    readonly rawId: string;
    readonly response: Readonly<Record<string, string>>;
  };
  readonly expected: {
    readonly challenge: string;
    readonly origin: string;
    readonly rpId: string;
    readonly requireUserVerification: boolean;
    readonly at: string;
    readonly topOrigin?: string;
    readonly allowCrossOrigin?: boolean;
    readonly allowCredentials?: readonly (string | { readonly id: string })[];
  };
  readonly credential: { readonly id: string; readonly publicKey: string; readonly counter: number; readonly backupEligible?: boolean } | null;
  readonly trustRoots?: readonly string[];
  readonly verdict: 'valid' | 'invalid' | 'policy';
  readonly cborIndefinite?: boolean;
}

const DIRECTORY = path.resolve(import.meta.dirname, '../../../../shared/vectors');

/** All vectors of the folder beside the checkout; empty where the folder is missing. */
export function loadVectors(): readonly Vector[] {
  if (!existsSync(DIRECTORY)) return [];
  return readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(path.join(DIRECTORY, name), 'utf8')) as Vector[]);
}

/** Decodes base64url that a test knows to be right. */
export function bytesOf(text: string): Bytes {
  const bytes = decodeBase64url(text);
  if (bytes === undefined) throw new TypeError(`Not base64url: ${text}`);
  return bytes;
}

function commonOf({ expected }: Vector): RegistrationInput['expected'] & AuthenticationInput['expected'] {
  return {
    challenge: bytesOf(expected.challenge),
    origins: [expected.origin],
    allowCrossOrigin: expected.allowCrossOrigin ?? false,
    topOrigins: expected.topOrigin === undefined ? [] : [expected.topOrigin],
    rpId: expected.rpId,
    requireUserVerification: expected.requireUserVerification,
    algorithms: [...supportedAlgorithms(), -65535, -48, -49, -50],
    userHandle: new Uint8Array(1),
  };
}

/** What the verifier is given for a registration vector. */
export function registrationInput(vector: Vector): RegistrationInput {
  return {
    response: vector.response,
    expected: commonOf(vector),
    now: Date.parse(vector.expected.at),
    anchors: (vector.trustRoots ?? []).map(bytesOf),
  };
}

/** What the verifier is given for an authentication vector. */
export function authenticationInput(vector: Vector): AuthenticationInput {
  const { userHandle: _userHandle, ...expected } = commonOf(vector);
  const { credential } = vector;
  const allowed = vector.expected.allowCredentials ?? [];
  return {
    response: vector.response,
    expected: { ...expected, allowCredentials: allowed.map((entry) => bytesOf(typeof entry === 'string' ? entry : entry.id)) },
    ...(credential === null
      ? {}
      : {
          credential: {
            credentialId: credential.id,
            publicKey: credential.publicKey,
            signCount: credential.counter,
            ...(credential.backupEligible === undefined ? {} : { backupEligible: credential.backupEligible }),
          },
        }),
  };
}

/** Judges a vector, with the keys of the given importer or of WebCrypto's. */
export async function judge(vector: Vector, importKey: KeyImporter = importByWebCrypto): Promise<VerificationReport> {
  const { report } =
    vector.kind === 'registration'
      ? await verifyRegistration({ ...registrationInput(vector), importKey })
      : await verifyAuthentication({ ...authenticationInput(vector), importKey });
  return report;
}
