import type { CborMap } from '../cbor/value.ts';
import { isOnSecp256k1 } from './curves.ts';

/** What is wrong with a key: of another kind than its algorithm's, with other members, or with values that no such key has. */
export interface ReportedKeyProblem {
  readonly problem: 'mismatch' | 'malformed' | 'unsound';
  readonly detail: string;
}

// RFC 9053 §7.1 (EC2), RFC 8230 §4 (RSA), RFC 8812 §3.1 (secp256k1); IANA registry "COSE Key Types" (AKP), FIPS 204 table 2 (ML-DSA).
const Label = { kty: 1, crv: -1, x: -2, y: -3, pub: -1 } as const;
const KeyType = { ec2: 2, rsa: 3, akp: 7 } as const;
const SECP256K1 = 8;
const SECP256K1_BYTES = 32;

const FORMS: ReadonlyMap<number, (map: CborMap) => ReportedKeyProblem | undefined> = /* @__PURE__ */ new Map([
  [-65535, rs1Problem],
  [-47, secp256k1Problem],
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

function secp256k1Problem(map: CborMap): ReportedKeyProblem | undefined {
  if (map.get(Label.kty) !== KeyType.ec2 || map.get(Label.crv) !== SECP256K1) {
    return { problem: 'mismatch', detail: 'The key type or the curve does not belong to ES256K.' };
  }
  const x = map.get(Label.x);
  const y = map.get(Label.y);
  if (!(x instanceof Uint8Array) || !(y instanceof Uint8Array) || map.size !== 5) return MALFORMED;
  const isSound = x.length === SECP256K1_BYTES && y.length === SECP256K1_BYTES && isOnSecp256k1(x, y);
  return isSound ? undefined : { problem: 'unsound', detail: 'The point is not on secp256k1.' };
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
