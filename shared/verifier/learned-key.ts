import * as v from 'valibot';

import { decodeBase64url, encodeBase64url } from '../bytes/base64url.ts';
import { type Bytes, concatBytes } from '../bytes/bytes.ts';
import { encodeCbor } from '../cbor/codec.ts';
import { CURVES, type NistCurveName, findAlgorithm } from '../cose/algorithms.ts';
import { decodeCoseKey } from '../cose/cose-key.ts';
import { orderBits, recoverPublicKeys } from '../cose/ec-arithmetic.ts';
import { decodeEcdsaSignature, importCoseKey, isValidSignature } from '../cose/signature.ts';
import { importByWebCrypto } from '../cose/web-crypto.ts';
import { credentialIdSchema, recordBytesSchema } from './credential-record.ts';

const members = v.object({
  credentialId: credentialIdSchema,
  rpId: v.pipe(v.string(), v.maxLength(254)),
  /** COSE_Keys, base64url: more than one until a second signature has decided. */
  candidates: v.pipe(v.array(recordBytesSchema), v.minLength(1), v.maxLength(4)),
  /** Two signatures or more agree on the one candidate. */
  isConfirmed: v.boolean(),
  signCount: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff)),
  backupEligible: v.boolean(),
  backupState: v.boolean(),
  /** Milliseconds since 1970. */
  learnedAt: v.pipe(v.number(), v.minValue(0)),
});
const schema = v.pipe(
  members,
  v.check(({ isConfirmed, candidates }) => !isConfirmed || candidates.length === 1, 'confirmed without a decision'),
);

/** What was learned of a credential whose registration was not seen: public data only. */
export type LearnedCredential = Readonly<v.InferOutput<typeof schema>>;

/** Decodes a record from storage; `undefined` for anything that is none. */
export function decodeLearnedCredential(value: unknown): LearnedCredential | undefined {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}

/** A signature with what it signs. */
export interface SignedAssertion {
  readonly authenticatorData: Bytes;
  readonly clientDataHash: Bytes;
  /** DER for ECDSA. */
  readonly signature: Bytes;
}

/** WebAuthn's algorithm for each curve, by the longest number that a signature on it has. Source: WebAuthn L3 §5.8.5. */
const ALGORITHMS = [
  { curve: 'P-256', algorithm: -7 },
  { curve: 'P-384', algorithm: -35 },
  { curve: 'P-521', algorithm: -36 },
] as const satisfies readonly { readonly curve: NistCurveName; readonly algorithm: number }[];

/**
 * The public keys that can have made an ECDSA signature, as COSE_Keys. The curve is the smallest that its numbers fit:
 * one of a larger curve is as short as that once in 2¹²⁸ times.
 *
 * @returns none for signatures of other algorithms, which do not give their key away.
 */
export async function candidateKeys({ authenticatorData, clientDataHash, signature }: SignedAssertion): Promise<readonly Bytes[]> {
  for (const { curve, algorithm } of ALGORITHMS) {
    const length = CURVES[curve].coordinateLength;
    const raw = decodeEcdsaSignature(signature, length);
    const hash = findAlgorithm(algorithm)?.scheme;
    if (raw === undefined || hash?.name !== 'ECDSA') continue;
    const signed = concatBytes(authenticatorData, clientDataHash);
    const digest = toBigInt(new Uint8Array(await crypto.subtle.digest(hash.hash, signed)));
    const excess = Math.max(0, Number(hash.hash.slice(4)) - orderBits(curve));
    const points = recoverPublicKeys(curve, toBigInt(raw.subarray(0, length)), toBigInt(raw.subarray(length)), digest >> BigInt(excess));
    return points.map(({ x, y }) =>
      encodeCbor(
        new Map<number, number | Bytes>([
          [1, 2],
          [3, algorithm],
          [-1, CURVES[curve].id],
          [-2, toBytes(x, length)],
          [-3, toBytes(y, length)],
        ]),
      ),
    );
  }
  return [];
}

/**
 * What an assertion teaches beyond what was learned before: at first its candidates; from then on the candidate under
 * which it is valid, too.
 *
 * @returns the candidates (base64url) that are left, or `undefined` when none is: what was learned does not hold.
 */
export async function narrowCandidates(candidates: readonly string[], assertion: SignedAssertion): Promise<readonly string[] | undefined> {
  const signed = concatBytes(assertion.authenticatorData, assertion.clientDataHash);
  const left: string[] = [];
  for (const candidate of candidates) {
    const decoded = decodeCoseKey(decodeBase64url(candidate) ?? new Uint8Array());
    const key = decoded.ok ? await importCoseKey(decoded.value, importByWebCrypto) : undefined;
    if (key?.ok === true && (await isValidSignature(key.value, assertion.signature, signed))) left.push(candidate);
  }
  return left.length === 0 ? undefined : left;
}

/** What is known after an assertion that the site took. */
export interface Observation {
  readonly assertion: SignedAssertion;
  readonly credentialId: string;
  readonly rpId: string;
  readonly signCount: number;
  readonly backupEligible: boolean;
  readonly backupState: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Learns from one more assertion. A record whose candidates do not explain the new signature is begun anew as long as
 * it was not confirmed: the signature may be of a curve that is not learned (secp256k1), of which the first gave
 * candidates by chance.
 *
 * @returns the record to keep, or `undefined` when nothing can be learned.
 */
export async function learn(known: LearnedCredential | undefined, seen: Observation): Promise<LearnedCredential | undefined> {
  const { assertion, credentialId, rpId, signCount, backupEligible, backupState, now } = seen;
  const left = known === undefined ? undefined : await narrowCandidates(known.candidates, assertion);
  if (known !== undefined && left === undefined && known.isConfirmed) return known;
  const candidates = left ?? (await candidateKeys(assertion)).map((key) => encodeBase64url(key));
  if (candidates.length === 0) return undefined;
  return {
    credentialId,
    rpId,
    candidates: [...candidates],
    isConfirmed: left?.length === 1,
    signCount,
    backupEligible,
    backupState,
    learnedAt: left === undefined ? now : (known?.learnedAt ?? now),
  };
}

function toBigInt(bytes: Uint8Array): bigint {
  let digits = '0x0';
  for (const byte of bytes) digits += byte.toString(16).padStart(2, '0');
  return BigInt(digits);
}

function toBytes(value: bigint, length: number): Bytes {
  const digits = value.toString(16).padStart(2 * length, '0');
  return Uint8Array.from({ length }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
}
