import type { CborMap } from '../cbor/value.ts';

/** What is wrong with a key: of another kind than its algorithm's, with other members, or with values that no such key has. */
export interface ReportedKeyProblem {
  readonly problem: 'mismatch' | 'malformed' | 'unsound';
  readonly detail: string;
}

// RFC 8230 §4 (RSA); IANA registry "COSE Key Types" (AKP), FIPS 204 table 2 (ML-DSA).
const Label = { kty: 1, pub: -1 } as const;
const KeyType = { rsa: 3, akp: 7 } as const;

const FORMS: ReadonlyMap<number, (map: CborMap) => ReportedKeyProblem | undefined> = /* @__PURE__ */ new Map([
  [-65535, rs1Problem],
  [-48, (map) => mlDsaProblem(map, 1312)],
  [-49, (map) => mlDsaProblem(map, 1952)],
  [-50, (map) => mlDsaProblem(map, 2592)],
]);

/**
 * Looks for what is wrong with a key whose algorithm can be named but not checked: its form can be judged all the same.
 *
 * @returns `undefined` for a key that is in order, and for algorithms that are not known at all.
 */
export function reportedKeyProblem(algorithm: number, map: CborMap): ReportedKeyProblem | undefined {
  return FORMS.get(algorithm)?.(map);
}

function rs1Problem(map: CborMap): ReportedKeyProblem | undefined {
  return map.get(Label.kty) === KeyType.rsa ? undefined : { problem: 'mismatch', detail: 'The key type does not belong to RS1.' };
}

function mlDsaProblem(map: CborMap, length: number): ReportedKeyProblem | undefined {
  if (map.get(Label.kty) !== KeyType.akp) return { problem: 'mismatch', detail: 'The key type does not belong to ML-DSA.' };
  const key = map.get(Label.pub);
  if (!(key instanceof Uint8Array) || map.size !== 3) return MALFORMED;
  return key.length === length ? undefined : { problem: 'unsound', detail: `The key does not have ${length.toString()} bytes.` };
}

const MALFORMED: ReportedKeyProblem = { problem: 'malformed', detail: 'The key does not have the members that it should have, and no others.' };
