import { createECDH } from 'node:crypto';

import { beginEnrolment, cancelEnrolment, captureSample } from '../../../native-host/ctap2/bio-enrollment/enrol.ts';
import { enumerateFingerprints } from '../../../native-host/ctap2/bio-enrollment/enumerate.ts';
import { getSensorInfo } from '../../../native-host/ctap2/bio-enrollment/sensor-info.ts';
import { changePin } from '../../../native-host/ctap2/client-pin/change-pin.ts';
import { getPinUvAuthToken } from '../../../native-host/ctap2/client-pin/pin-uv-auth-token.ts';
import { getPinRetries, getUvRetries } from '../../../native-host/ctap2/client-pin/retries.ts';
import { setPin } from '../../../native-host/ctap2/client-pin/set-pin.ts';
import { toggleAlwaysUv } from '../../../native-host/ctap2/config.ts';
import { enumerateCredentials } from '../../../native-host/ctap2/credential-management/enumerate-credentials.ts';
import { enumerateRelyingParties } from '../../../native-host/ctap2/credential-management/enumerate-rps.ts';
import { getCredentialsMetadata } from '../../../native-host/ctap2/credential-management/get-metadata.ts';
import { type AssertionResponse, getAssertion } from '../../../native-host/ctap2/get-assertion.ts';
import { type AuthenticatorInfo, getInfo } from '../../../native-host/ctap2/get-info.ts';
import { getNextAssertion } from '../../../native-host/ctap2/get-next-assertion.ts';
import { beginHmacSecret } from '../../../native-host/ctap2/hmac-secret.ts';
import { readLargeBlobs, writeLargeBlobs } from '../../../native-host/ctap2/large-blobs.ts';
import { makeCredential, type MakeCredentialResponse } from '../../../native-host/ctap2/make-credential.ts';
import { PinUvAuthToken } from '../../../native-host/ctap2/pin-uv-auth/token.ts';
import { reset } from '../../../native-host/ctap2/reset.ts';
import { selectAuthenticator } from '../../../native-host/ctap2/selection.ts';
import { type Bytes, copyBytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { decodeCborStrict } from '../../../shared/cbor/codec.ts';
import { isCborMap } from '../../../shared/cbor/value.ts';
import { parseAttestationObject } from '../../../shared/webauthn/attestation-object.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';
import { answersTarget, map, ok, OPTIONS } from './key-answers.ts';
import { memberOf, RESPONSES } from './responses.ts';

const HASH = new Uint8Array(32);
const AAGUID = new Uint8Array(16).fill(0xaa);
const DECODERS = ['native-host/ctap2/command.ts', 'native-host/ctap2/members.ts', 'native-host/ctap2/status.ts', 'native-host/ctap2/errors.ts'];

const INFO: AuthenticatorInfo = {
  versions: ['FIDO_2_1'],
  extensions: [],
  aaguid: AAGUID,
  options: { clientPin: true, pinUvAuthToken: true },
  maxMsgSize: 1200,
  pinUvAuthProtocols: [2, 1],
  transports: [],
  forcePINChange: false,
  minPINLength: 4,
  longTouchForReset: false,
};

function token(): PinUvAuthToken {
  return new PinUvAuthToken(2, new Uint8Array(32).fill(7));
}

/** The public key of a pair that is always the same. */
function keyAgreement(): Bytes {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(Buffer.alloc(32, 3));
  const point = copyBytes(pair.getPublicKey());
  return ok([1, map([1, 2], [3, -25], [-1, 1], [-2, point.slice(1, 33)], [-3, point.slice(33)])]);
}

const attested = parseAttestationObject(memberOf(RESPONSES.packed, 'attestationObject'));
const AUTH_DATA = attested.ok ? attested.value.authData : HASH;
const ATT_STMT = attested.ok ? attested.value.attStmt : map();
const ASSERTION_DATA = memberOf(RESPONSES.authentication, 'authenticatorData');
const SIGNATURE = memberOf(RESPONSES.authentication, 'signature');
const CREDENTIAL = map(['id', new Uint8Array(24).fill(0x11)], ['type', 'public-key']);
const USER = map(['id', Uint8Array.of(7)], ['name', 'ada'], ['displayName', 'Ada']);

const ASSERTION = ok([1, CREDENTIAL], [2, ASSERTION_DATA], [3, SIGNATURE], [4, USER], [5, 2], [6, true], [7, HASH], [8, map(['x', 1])]);
const SHORT_ASSERTION = ok([2, ASSERTION_DATA], [3, SIGNATURE]);

const FULL_INFO = ok(
  [1, ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1', 'FIDO_2_3']],
  [2, ['credProtect', 'hmac-secret', 'largeBlobKey']],
  [3, AAGUID],
  [4, map(['rk', true], ['up', true], ['uv', false], ['plat', false], ['clientPin', true], ['credMgmt', true], ['new', 1])],
  [5, 1200],
  [6, [2, 1, 3]],
  [7, 8],
  [8, 128],
  [9, ['usb', 'nfc']],
  [10, [map(['alg', -7], ['type', 'public-key']), map(['alg', -8], ['type', 'public-key'])]],
  [11, 2048],
  [12, true],
  [13, 6],
  [14, 328_966],
  [15, 32],
  [16, 3],
  [17, 5],
  [18, 2],
  [19, map(['FIPS-CMVP-3', 1])],
  [20, 22],
  [21, [2n ** 63n]],
  [22, ['packed', 'none']],
  [23, 4],
  [24, true],
  [25, HASH],
  [26, ['usb']],
  [27, true],
  [28, Uint8Array.of(104)],
  [29, 63],
  [30, HASH],
  [31, [1, 2]],
  [99, [map()]],
);

function checkAssertion(value: unknown): void {
  const { authData, signature } = value as AssertionResponse;
  mustHold(authData.length >= 37 && signature.length > 0, 'An assertion has data and a signature.');
}

function checkCredential(value: unknown): void {
  const { attestationObject, fmt, authData } = value as MakeCredentialResponse;
  const decoded = decodeCborStrict(attestationObject);
  mustHold(decoded.ok && isCborMap(decoded.value), 'The attestation object is canonical CBOR.');
  const kept = decoded.value.get('authData');
  mustHold(decoded.value.get('fmt') === fmt && kept instanceof Uint8Array && equalBytes(kept, authData), 'It has what the key sent.');
}

const TOKEN_ANSWERS = [keyAgreement(), ok([2, new Uint8Array(48)])];
const FRAGMENT = 1200 - 64;
const ENTRY = [[6, USER], [7, CREDENTIAL], [8, map([1, 2], [3, -7])], [10, 2], [11, HASH]] as const;

/** Decoders of what a CTAP2 key answers, one by command. */
export const ctap2Targets: readonly FuzzTarget[] = [
  answersTarget({
    name: 'get-info',
    covers: ['native-host/ctap2/get-info.ts', ...DECODERS],
    seeds: [[FULL_INFO], [ok([1, ['FIDO_2_0']], [3, AAGUID])], [Uint8Array.of(1)]],
    quickRuns: 600,
    run: (key) => getInfo(key, OPTIONS),
    check: (value) => {
      const { aaguid, versions } = value as AuthenticatorInfo;
      mustHold(aaguid.length === 16 && versions.length > 0, 'There are versions and an AAGUID.');
    },
  }),
  answersTarget({
    name: 'make-credential',
    covers: ['native-host/ctap2/make-credential.ts', ...DECODERS],
    structures: ['cbor', 'der'],
    seeds: [[ok([1, 'packed'], [2, AUTH_DATA], [3, ATT_STMT], [4, false], [5, HASH], [6, map()])], [ok([1, 'none'], [2, AUTH_DATA])], [ok([1, 'compound'], [2, AUTH_DATA], [3, [map()]])]],
    run: (key) =>
      makeCredential(key, { clientDataHash: HASH, rp: { id: 'x', name: 'x' }, user: { id: HASH, name: 'x', displayName: 'x' }, pubKeyCredParams: [] }, OPTIONS),
    check: checkCredential,
  }),
  answersTarget({
    name: 'get-assertion',
    covers: ['native-host/ctap2/get-assertion.ts', ...DECODERS],
    seeds: [[ASSERTION], [SHORT_ASSERTION], [Uint8Array.of(0x2e)]],
    run: (key) => getAssertion(key, { rpId: 'x', clientDataHash: HASH }, OPTIONS),
    check: checkAssertion,
  }),
  answersTarget({
    name: 'get-next-assertion',
    covers: ['native-host/ctap2/get-next-assertion.ts', 'native-host/ctap2/get-assertion.ts', ...DECODERS],
    seeds: [[ASSERTION], [SHORT_ASSERTION]],
    run: (key) => getNextAssertion(key, OPTIONS),
    check: checkAssertion,
  }),
  answersTarget({
    name: 'client-pin-retries',
    covers: ['native-host/ctap2/client-pin/', ...DECODERS],
    seeds: [[ok([3, 8], [4, false]), ok([5, 3])], [ok([3, 0], [4, true])]],
    run: async (key) => {
      const retries = await getPinRetries(key, 1, OPTIONS);
      return retries.ok ? await getUvRetries(key, OPTIONS) : retries;
    },
  }),
  answersTarget({
    name: 'client-pin-token',
    covers: ['native-host/ctap2/client-pin/', 'native-host/ctap2/pin-uv-auth/', ...DECODERS],
    seeds: [TOKEN_ANSWERS, [keyAgreement(), ok([2, new Uint8Array(32)])], [keyAgreement(), Uint8Array.of(0x31)]],
    quickRuns: 600,
    run: async (key) => {
      const protocols = [await getPinUvAuthToken(key, INFO, { method: { pin: '1234' }, permissions: 1, rpId: 'x' }, OPTIONS)];
      const old = { ...INFO, options: {}, pinUvAuthProtocols: [] };
      if (protocols[0]?.ok === true) protocols.push(await getPinUvAuthToken(key, old, { method: { pin: '1234' }, permissions: 1 }, OPTIONS));
      const last = protocols.at(-1);
      return last?.ok === true ? { ok: true, value: last.value.protocol } : (last ?? { ok: true, value: 0 });
    },
  }),
  answersTarget({
    name: 'client-pin-change',
    covers: ['native-host/ctap2/client-pin/', 'native-host/ctap2/pin-uv-auth/', ...DECODERS],
    seeds: [[keyAgreement(), ok(), keyAgreement(), ok()]],
    quickRuns: 600,
    run: async (key) => {
      const set = await setPin(key, 1, Uint8Array.of(49, 50, 51, 52), OPTIONS);
      return set.ok ? await changePin(key, 2, '1234', Uint8Array.of(49, 50, 51, 53), OPTIONS) : set;
    },
  }),
  answersTarget({
    name: 'hmac-secret',
    covers: ['native-host/ctap2/hmac-secret.ts', 'native-host/ctap2/pin-uv-auth/'],
    seeds: [[keyAgreement(), new Uint8Array(48)], [keyAgreement(), new Uint8Array(80)]],
    quickRuns: 600,
    run: async (key) => {
      const begun = await beginHmacSecret(key, INFO, { first: HASH, second: HASH }, OPTIONS);
      if (!begun.ok) return begun;
      // The second answer stands for the extension's output in the authenticator data.
      const output = await key.call(Uint8Array.of(2), OPTIONS);
      const values = output.ok ? begun.value.read(output.value) : undefined;
      begun.value.end();
      if (values !== undefined) mustHold(values.first.length === 32 && values.second?.length === 32, 'Values have 32 bytes.');
      return { ok: true, value: values };
    },
  }),
  answersTarget({
    name: 'credential-metadata',
    covers: ['native-host/ctap2/credential-management/get-metadata.ts', ...DECODERS],
    seeds: [[ok([1, 3], [2, 22])]],
    run: (key) => getCredentialsMetadata(key, 'credentialManagement', token(), OPTIONS),
  }),
  answersTarget({
    name: 'enumerate-rps',
    covers: ['native-host/ctap2/credential-management/', ...DECODERS],
    seeds: [[ok([3, map(['id', 'a.example'])], [4, HASH], [5, 2]), ok([3, map(['id', 'b.example'])], [4, HASH])], [Uint8Array.of(0x2e)], [ok()], [ok([5, 0])]],
    run: (key) => enumerateRelyingParties(key, 'credentialManagementPreview', token(), OPTIONS),
  }),
  answersTarget({
    name: 'enumerate-credentials',
    covers: ['native-host/ctap2/credential-management/', ...DECODERS],
    seeds: [[ok(...ENTRY, [9, 2]), ok(...ENTRY)]],
    run: (key) => enumerateCredentials(key, 'credentialManagement', HASH, token(), OPTIONS),
  }),
  answersTarget({
    name: 'bio-enrollment',
    covers: ['native-host/ctap2/bio-enrollment/', ...DECODERS],
    seeds: [[ok([2, 1], [3, 4], [8, 32]), ok([4, Uint8Array.of(1, 2)], [5, 0], [6, 2]), ok([5, 0], [6, 1]), ok(), ok([7, [map([1, Uint8Array.of(1)], [2, 'thumb']), map([1, Uint8Array.of(2)])]])]],
    run: async (key) => {
      const command = 'bioEnrollment';
      const sensor = await getSensorInfo(key, command, OPTIONS);
      if (!sensor.ok) return sensor;
      const begun = await beginEnrolment(key, command, 1000, token(), OPTIONS);
      if (!begun.ok) return begun;
      const step = await captureSample(key, command, begun.value.templateId, 1000, token(), OPTIONS);
      if (!step.ok) return step;
      const cancelled = await cancelEnrolment(key, command, OPTIONS);
      return cancelled.ok ? await enumerateFingerprints(key, command, token(), OPTIONS) : cancelled;
    },
  }),
  answersTarget({
    name: 'large-blobs-read',
    covers: ['native-host/ctap2/large-blobs.ts', ...DECODERS],
    seeds: [
      [FULL_INFO, ok([1, new Uint8Array(17)])],
      [FULL_INFO, ok([1, new Uint8Array(FRAGMENT)]), ok([1, new Uint8Array(3)])],
      // Keys that claim to store without end, and to take next to nothing at a time.
      [ok([1, ['FIDO_2_1']], [3, AAGUID], [5, 1200], [11, 2 ** 50]), ok([1, new Uint8Array(FRAGMENT)])],
      [ok([1, ['FIDO_2_1']], [3, AAGUID], [5, 1]), ok([1, new Uint8Array(64)])],
      [ok([1, ['FIDO_2_1']], [3, AAGUID], [5, 1]), ok([1, new Uint8Array(1)])],
    ],
    // The first answer is the key's own word on how much it stores.
    run: async (key) => {
      const info = await getInfo(key, OPTIONS);
      return await readLargeBlobs(key, { ...INFO, ...(info.ok ? info.value : {}) }, OPTIONS);
    },
  }),
  answersTarget({
    name: 'large-blobs-write',
    covers: ['native-host/ctap2/large-blobs.ts', ...DECODERS],
    seeds: [[ok(), ok()], [Uint8Array.of(0x33)]],
    run: (key) => writeLargeBlobs(key, INFO, new Uint8Array(2000), token(), OPTIONS),
  }),
  answersTarget({
    name: 'without-answer',
    covers: ['native-host/ctap2/config.ts', 'native-host/ctap2/reset.ts', 'native-host/ctap2/selection.ts', ...DECODERS],
    seeds: [[ok(), ok(), ok()], [Uint8Array.of(0x27)]],
    run: async (key) => {
      const results = [await toggleAlwaysUv(key, token(), OPTIONS), await reset(key, OPTIONS), await selectAuthenticator(key, OPTIONS)];
      return results.find((result) => !result.ok) ?? { ok: true, value: undefined };
    },
  }),
];
