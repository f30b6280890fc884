import { createPublicKey } from 'node:crypto';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../shared/cbor/codec.ts';
import { isCborArray, isCborMap } from '../../../shared/cbor/value.ts';
import type { VerificationKey } from '../../../shared/cose/signature.ts';
import type { VerificationReport } from '../../../shared/verifier/report.ts';
import { type ExpectedAuthentication, verifyAuthentication } from '../../../shared/verifier/verify-authentication.ts';
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
const ROOT = bytesOf(RESPONSES.root);
/** Of the one credential that signs in. */
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

const AUTHENTICATION = fieldsOf(RESPONSES.authentication, 'clientDataJSON', 'authenticatorData', 'signature', 'userHandle');

/** Verification of sign-ins. Every byte is protected, by the signature or because it is compared. */
const authenticationTarget: FuzzTarget = {
  name: 'verify-authentication',
  property: 'never throws, and accepts nothing but the response as it was signed',
  covers: ['shared/verifier/', 'shared/webauthn/', 'shared/cose/signature.ts'],
  structures: ['cbor', 'der', 'json'],
  quickRuns: 600,
  seeds: [AUTHENTICATION, AUTHENTICATION.slice(0, 3)],
  run: async (input) => {
    const [clientDataJson = new Uint8Array(), authenticatorData = new Uint8Array(), signature = new Uint8Array(), userHandle] = input;
    const { id } = RESPONSES.authentication;
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
      credential: RESPONSES.credential,
      keyCache,
    });
    const known = input.slice(0, 4);
    if (report.verdict === 'accepted') mustHold(isUnchanged(known, [AUTHENTICATION, AUTHENTICATION.slice(0, 3)]), 'A changed response is accepted.');
    return outcomeOf(report);
  },
};

/**
 * The attestation object without what nothing protects and nothing is read from: the order and the length forms of the
 * outer CBOR, which real keys write in their own ways, and certificates behind the one that the anchor has signed.
 */
function essence(attestationObject: Bytes): Bytes {
  const decoded = decodeCbor(attestationObject);
  if (!decoded.ok || !isCborMap(decoded.value.value)) return attestationObject;
  const object = new Map(decoded.value.value);
  const statement = object.get('attStmt');
  const path = statement !== undefined && isCborMap(statement) ? statement.get('x5c') : undefined;
  if (statement !== undefined && isCborMap(statement) && path !== undefined && isCborArray(path)) {
    object.set('attStmt', new Map([...statement, ['x5c', path.slice(0, 1)]]));
  }
  return encodeCbor(object);
}

const CERTIFIED = [RESPONSES.packed, RESPONSES.self].map((response) => fieldsOf(response, 'clientDataJSON', 'attestationObject'));
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
  seeds: [...CERTIFIED, ...UNATTESTED],
  run: async (input) => {
    const [clientDataJson = new Uint8Array(), attestationObject = new Uint8Array()] = input;
    const { id } = RESPONSES.packed;
    const { report, attestation } = await verifyRegistration({
      response: {
        id,
        rawId: id,
        response: { clientDataJSON: encodeBase64url(clientDataJson), attestationObject: encodeBase64url(attestationObject) },
      },
      expected: { ...EXPECTED, algorithms: [-7, -257], userHandle: USER_HANDLE },
      now: RESPONSES.now,
      anchors: [ROOT],
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
  const key = decodeCbor(data.subarray(55 + idLength, ((data[32] ?? 0) & 0x80) === 0 ? undefined : 55 + idLength + 77));
  mustHold(key.ok && isCborMap(key.value.value), 'The key is a map.');
  const [x, y] = [key.value.value.get(-2), key.value.value.get(-3)];
  mustHold(x instanceof Uint8Array && y instanceof Uint8Array, 'The key is a point.');
  createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: encodeBase64url(x), y: encodeBase64url(y) } });
}

/** The two entry points of the verifier. */
export const verifierTargets: readonly FuzzTarget[] = [authenticationTarget, registrationTarget];
