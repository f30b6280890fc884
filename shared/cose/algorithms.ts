/** COSE key types (RFC 9053 §7, RFC 8230 §4). */
export const KeyType = { okp: 1, ec2: 2, rsa: 3 } as const;
export type KeyType = (typeof KeyType)[keyof typeof KeyType];

/** Elliptic curves: COSE identifier, name, bytes of a coordinate. */
export interface CurveInfo {
  readonly id: number;
  readonly name: string;
  readonly coordinateLength: number;
}

/** Curves of supported keys, under WebCrypto's names; secp256k1, which WebCrypto has not, under JOSE's (RFC 8812 §3.1). */
export const CURVES = {
  'P-256': { id: 1, name: 'P-256', coordinateLength: 32 },
  'P-384': { id: 2, name: 'P-384', coordinateLength: 48 },
  'P-521': { id: 3, name: 'P-521', coordinateLength: 66 },
  Ed25519: { id: 6, name: 'Ed25519', coordinateLength: 32 },
  Ed448: { id: 7, name: 'Ed448', coordinateLength: 57 },
  secp256k1: { id: 8, name: 'secp256k1', coordinateLength: 32 },
} as const satisfies Readonly<Record<string, CurveInfo>>;
export type CurveName = keyof typeof CURVES;
export type EdCurveName = 'Ed25519' | 'Ed448';
export type EcCurveName = Exclude<CurveName, EdCurveName>;
export type NistCurveName = Exclude<EcCurveName, 'secp256k1'>;

/** WebCrypto's names of the hash functions. */
export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/** How a signature is made, in WebCrypto's terms. ECDSA's curve belongs to the key, not to the scheme. */
export type SignatureScheme =
  | { readonly name: 'ECDSA'; readonly hash: HashName }
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: HashName }
  | { readonly name: 'RSA-PSS'; readonly hash: HashName; readonly saltLength: number }
  | { readonly name: EdCurveName };

/** One entry of the registry. Without `scheme` the algorithm is known by name only: it can be reported, not checked. */
export interface AlgorithmInfo {
  /** COSE algorithm identifier. */
  readonly id: number;
  readonly name: string;
  /** Key type that goes with it; absent where this project cannot decode such keys. */
  readonly keyType?: KeyType;
  /** The only curve that WebAuthn allows with it (L3 §5.8.5). */
  readonly curve?: CurveName;
  readonly scheme?: SignatureScheme;
  /** Some of the platforms of today lack it. */
  readonly isOptional?: true;
  /** How TPMs sign with it; set where that is the only sound use, and `scheme` is absent. */
  readonly tpmScheme?: SignatureScheme;
}

const ec = (id: number, name: string, curve: EcCurveName, hash: HashName): AlgorithmInfo => ({
  id,
  name,
  keyType: KeyType.ec2,
  curve,
  scheme: { name: 'ECDSA', hash },
});
const rsa = (id: number, name: string, hash: HashName): AlgorithmInfo => ({
  id,
  name,
  keyType: KeyType.rsa,
  scheme: { name: 'RSASSA-PKCS1-v1_5', hash },
});
const pss = (id: number, name: string, hash: HashName, saltLength: number): AlgorithmInfo => ({
  id,
  name,
  keyType: KeyType.rsa,
  scheme: { name: 'RSA-PSS', hash, saltLength },
});
const ed = (id: number, name: string, curve: EdCurveName): AlgorithmInfo => ({
  id,
  name,
  keyType: KeyType.okp,
  curve,
  scheme: { name: curve },
  isOptional: true,
});

const ALGORITHMS: readonly AlgorithmInfo[] = /* @__PURE__ */ [
  ec(-7, 'ES256', 'P-256', 'SHA-256'),
  ec(-35, 'ES384', 'P-384', 'SHA-384'),
  ec(-36, 'ES512', 'P-521', 'SHA-512'),
  ec(-9, 'ESP256', 'P-256', 'SHA-256'),
  ec(-51, 'ESP384', 'P-384', 'SHA-384'),
  ec(-52, 'ESP512', 'P-521', 'SHA-512'),
  ed(-8, 'EdDSA', 'Ed25519'),
  ed(-19, 'Ed25519', 'Ed25519'),
  // OpenSSL and Node's WebCrypto have it, Chromium's has not.
  ed(-53, 'Ed448', 'Ed448'),
  // OpenSSL has it, no WebCrypto has.
  { ...ec(-47, 'ES256K', 'secp256k1', 'SHA-256'), isOptional: true },
  rsa(-257, 'RS256', 'SHA-256'),
  rsa(-258, 'RS384', 'SHA-384'),
  rsa(-259, 'RS512', 'SHA-512'),
  pss(-37, 'PS256', 'SHA-256', 32),
  pss(-38, 'PS384', 'SHA-384', 48),
  pss(-39, 'PS512', 'SHA-512', 64),
  // SHA-1 no longer binds a signer to what he signs where somebody else may choose it. TPM statements are another
  // matter: the TPM composes what it signs.
  { id: -65535, name: 'RS1', keyType: KeyType.rsa, tpmScheme: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' } },
  { id: -48, name: 'ML-DSA-44' },
  { id: -49, name: 'ML-DSA-65' },
  { id: -50, name: 'ML-DSA-87' },
];

const BY_ID: ReadonlyMap<number, AlgorithmInfo> = /* @__PURE__ */ new Map(ALGORITHMS.map((entry) => [entry.id, entry]));

/** Looks up a COSE algorithm identifier (IANA registry "COSE Algorithms"). */
export function findAlgorithm(id: number): AlgorithmInfo | undefined {
  return BY_ID.get(id);
}

/** The algorithm's name for people: `ES256`, or the number where it has none here. */
export function algorithmName(id: number): string {
  return BY_ID.get(id)?.name ?? `algorithm ${id.toString()}`;
}

/** Identifiers of all algorithms whose signatures can be checked where the platform has them. */
export function supportedAlgorithms(): readonly number[] {
  return ALGORITHMS.filter(({ scheme }) => scheme !== undefined).map(({ id }) => id);
}
