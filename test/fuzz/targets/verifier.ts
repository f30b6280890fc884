import { createPublicKey } from 'node:crypto';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { decodeCbor, decodeCborPrefix, encodeCbor } from '../../../shared/cbor/codec.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../../shared/cbor/value.ts';
import type { VerificationKey } from '../../../shared/cose/signature.ts';
import type { VerificationReport } from '../../../shared/verifier/report.ts';
import { type ExpectedAuthentication, type KnownCredential, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
import { verifyRegistration } from '../../../shared/verifier/verify-registration.ts';
import { type FuzzInput, type FuzzTarget, mustHold } from '../engine/target.ts';
import { bytesOf, memberOf, type ResponseFixture, RESPONSES } from './responses.ts';

const EXPECTED = {
  challenge: bytesOf(RESPONSES.challenge),
  origins: [RESPONSES.origin],
  allowCrossOrigin: false,
  rpId: RESPONSES.rpId,
  requireUserVerification: false,
} satisfies ExpectedAuthentication;
const USER_HANDLE = bytesOf(RESPONSES.userHandle);
const ROOTS = [bytesOf(RESPONSES.root), bytesOf(RESPONSES.moreRoot)];
/** Of the credentials that sign in. */
const keyCache = new Map<string, VerificationKey>();

function outcomeOf({ verdict, checks }: VerificationReport): string {
  mustHold(!checks.some(({ id }) => id === 'verifier.fault'), 'The verifier has no fault of its own.');
  const failed = checks.filter(({ state }) => state === 'fail').map(({ id, detail }) => `${id} ${detail.replace(/\d+/g, '#')}`);
  mustHold((verdict === 'refused') === (failed.length > 0), 'A refusal has a reason, and nothing else has.');
  // All of them together would make too many outcomes.
  return `${verdict} ${failed[0] ?? ''}`;
}

/** The byte strings of a response as fields of an input. */
function fieldsOf(response: ResponseFixture, ...names: readonly string[]): FuzzInput {
  return names.map((name) => memberOf(response, name));
}

function isUnchanged(input: FuzzInput, seeds: readonly FuzzInput[]): boolean {
  return seeds.some((seed) => seed.length === input.length && seed.every((field, index) => equalBytes(field, input[index] ?? new Uint8Array())));
}

/** Verification of sign-ins. Every byte is protected, by the signature or because it is compared. */
const authenticationTarget = (name: string, valid: ResponseFixture, credential: KnownCredential, quickRuns: number): FuzzTarget => {
  const signedIn = fieldsOf(valid, 'clientDataJSON', 'authenticatorData', 'signature', 'userHandle');
  return {
    name,
    property: 'never throws, and accepts nothing but the response as it was signed',
    covers: ['shared/verifier/', 'shared/webauthn/', 'shared/cose/signature.ts'],
    structures: ['cbor', 'der', 'json'],
    quickRuns,
    seeds: [signedIn, signedIn.slice(0, 3)],
    run: async (input) => {
      const [clientDataJson = new Uint8Array(), authenticatorData = new Uint8Array(), signature = new Uint8Array(), userHandle] = input;
      const { id } = valid;
      const { report } = await verifyAuthentication({
        response: {
          id,
          rawId: id,
          response: {
            clientDataJSON: encodeBase64url(clientDataJson),
            authenticatorData: encodeBase64url(authenticatorData),
            signature: encodeBase64url(signature),
            ...(userHandle === undefined ? {} : { userHandle: encodeBase64url(userHandle) }),
          },
        },
        expected: EXPECTED,
        credential,
        keyCache,
      });
      const known = input.slice(0, 4);
      if (report.verdict === 'accepted') mustHold(isUnchanged(known, [signedIn, signedIn.slice(0, 3)]), 'A changed response is accepted.');
      return outcomeOf(report);
    },
  };
};

/**
 * The attestation object without what nothing protects and nothing is read from (docs/VERIFIER.md lists it): the order and
 * the length forms of the outer CBOR, which real keys write in their own ways, certificates behind the one that the anchor
 * has signed, and what some formats leave open.
 */
function essence(attestationObject: Bytes): Bytes {
  const decoded = decodeCbor(attestationObject);
  if (!decoded.ok || !isCborMap(decoded.value.value)) return attestationObject;
  const object = new Map(decoded.value.value);
  const [fmt, statement, data] = [object.get('fmt'), object.get('attStmt'), object.get('authData')];
  if (statement !== undefined && isCborMap(statement)) object.set('attStmt', statementEssence(fmt, statement));
  if (fmt === 'compound' && statement !== undefined && isCborArray(statement) && statement.every(isCompoundPart)) object.set('attStmt', []);
  // U2F signs neither AAGUID nor counter.
  if (fmt === 'fido-u2f' && data instanceof Uint8Array) object.set('authData', data.slice().fill(0, 33, 53));
  return encodeCbor(object);
}

function statementEssence(fmt: CborValue, statement: CborMap): CborMap {
  const members = new Map(statement);
  const path = members.get('x5c');
  if (path !== undefined && isCborArray(path)) members.set('x5c', path.slice(0, 1));
  // Another number of the same algorithm, where the certificate says which key it is.
  if (path !== undefined && members.get('alg') === -9) members.set('alg', -7);
  if (fmt === 'apple') members.delete('alg');
  if (fmt === 'android-safetynet') members.delete('ver');
  return members;
}

/** The parts of the one compound statement may be repeated, in any order. */
function isCompoundPart(part: CborValue): boolean {
  const bytes = partEssence(part);
  return COMPOUND_PARTS.some((each) => equalBytes(each, bytes));
}

function partEssence(part: CborValue): Bytes {
  if (!isCborMap(part)) return new Uint8Array();
  const inner = part.get('attStmt');
  return encodeCbor(inner !== undefined && isCborMap(inner) ? new Map([...part, ['attStmt', statementEssence(part.get('fmt'), inner)]]) : part);
}

function partsOf(attestationObject: Bytes): readonly Bytes[] {
  const decoded = decodeCbor(attestationObject);
  const statement = decoded.ok && isCborMap(decoded.value.value) ? decoded.value.value.get('attStmt') : undefined;
  return statement !== undefined && isCborArray(statement) ? statement.map(partEssence) : [];
}

const ATTESTED = [RESPONSES.packed, RESPONSES.self, ...Object.values(RESPONSES.more)].map((response) => fieldsOf(response, 'clientDataJSON', 'attestationObject'));
const COMPOUND_PARTS = ATTESTED.flatMap(([, object = new Uint8Array()]) => partsOf(object));
const CERTIFIED = ATTESTED.map(([client = new Uint8Array(), object = new Uint8Array()]) => [client, essence(object)]);
const UNATTESTED = [fieldsOf(RESPONSES.none, 'clientDataJSON', 'attestationObject')];

/**
 * Verification of registrations. Beside the valid responses only those without attestation are accepted, of which nothing
 * is signed, and then they must say what an independent reading says.
 */
const registrationTarget: FuzzTarget = {
  name: 'verify-registration',
  property: 'never throws, and accepts attested responses only as they were signed, others only if they say what was asked for',
  covers: ['shared/verifier/', 'shared/webauthn/', 'shared/x509/'],
  structures: ['cbor', 'der', 'json'],
  quickRuns: 600,
  seeds: [...ATTESTED, ...UNATTESTED],
  run: async (input) => {
    const [clientDataJson = new Uint8Array(), attestationObject = new Uint8Array()] = input;
    const { id } = RESPONSES.packed;
    const { report, attestation } = await verifyRegistration({
      response: {
        id,
        rawId: id,
        response: { clientDataJSON: encodeBase64url(clientDataJson), attestationObject: encodeBase64url(attestationObject) },
      },
      expected: { ...EXPECTED, algorithms: [-7, -8, -9, -35, -36, -37, -53, -257], userHandle: USER_HANDLE },
      now: RESPONSES.now,
      anchors: ROOTS,
    });
    if (report.verdict === 'accepted' && !isUnchanged([clientDataJson, essence(attestationObject)], CERTIFIED)) {
      mustHold(attestation?.isTrusted !== true, 'A changed response is trusted.');
      mustBeWhatWasAsked(clientDataJson, attestationObject, attestation?.fmt);
    }
    return outcomeOf(report);
  },
};

/** An independent reading of an accepted response without a trusted statement. */
function mustBeWhatWasAsked(clientDataJson: Bytes, attestationObject: Bytes, fmt: string | undefined): void {
  const client = JSON.parse(new TextDecoder().decode(clientDataJson)) as Readonly<Record<string, unknown>>;
  mustHold(client['type'] === 'webauthn.create' && client['challenge'] === RESPONSES.challenge, 'The client data is of this request.');
  mustHold(client['origin'] === RESPONSES.origin && client['crossOrigin'] !== true && client['topOrigin'] === undefined, 'The origin is ours.');
  const object = decodeCbor(attestationObject);
  mustHold(object.ok && isCborMap(object.value.value), 'The attestation object is a map.');
  const map = object.value.value;
  const [data, statement] = [map.get('authData'), map.get('attStmt')];
  mustHold(data instanceof Uint8Array && isCborMap(statement), 'It has its members.');
  mustHold(map.get('fmt') === fmt && fmt === 'none' && statement.size === 0, 'Only the format none has nothing that is signed.');
  const idLength = ((data[53] ?? 0) << 8) | (data[54] ?? 0);
  const theirs = memberOf(RESPONSES.authentication, 'authenticatorData');
  mustHold(equalBytes(data.subarray(0, 32), theirs.subarray(0, 32)), 'The RP ID is ours.');
  mustHold(((data[32] ?? 0) & 0x41) === 0x41 && ((data[32] ?? 0) & 0x18) !== 0x10, 'The flags allow it.');
  mustHold(encodeBase64url(data.subarray(55, 55 + idLength)) === RESPONSES.none.id, 'The credential is the one that is named.');
  const key = decodeCborPrefix(data.subarray(55 + idLength));
  mustHold(key.ok && isCborMap(key.value.value), 'The key is a map.');
  createPublicKey({ format: 'jwk', key: jwkOf(key.value.value) });
}

const CURVES: ReadonlyMap<CborValue, string> = new Map([[1, 'P-256'], [2, 'P-384'], [3, 'P-521'], [6, 'Ed25519'], [7, 'Ed448']]);

function jwkOf(key: CborMap): Record<string, string> {
  const text = (label: number): string => {
    const value = key.get(label);
    mustHold(value instanceof Uint8Array, 'The numbers of a key are byte strings.');
    return encodeBase64url(value);
  };
  if (key.get(1) === 3) return { kty: 'RSA', n: text(-1), e: text(-2) };
  const crv = CURVES.get(key.get(-1)) ?? '';
  return key.get(1) === 1 ? { kty: 'OKP', crv, x: text(-2) } : { kty: 'EC', crv, x: text(-2), y: text(-3) };
}

/** The two entry points of the verifier; sign-ins with each kind of key. */
export const verifierTargets: readonly FuzzTarget[] = [
  authenticationTarget('verify-authentication', RESPONSES.authentication, RESPONSES.credential, 600),
  ...Object.entries(RESPONSES.signIns).map(([name, { response, credential }]) => authenticationTarget(`verify-authentication-${name}`, response, credential, 200)),
  registrationTarget,
];
