import { type Bytes, concatBytes, encodeUtf8, equalBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { parseAttestationObject, withoutAttestation } from '../../../shared/webauthn/attestation-object.ts';
import { type AuthenticatorData, parseAuthenticatorData } from '../../../shared/webauthn/authenticator-data.ts';
import { buildClientData, ClientDataType, parseClientData } from '../../../shared/webauthn/client-data.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';
import { memberOf, RESPONSES } from './responses.ts';

const registered = parseAttestationObject(memberOf(RESPONSES.none, 'attestationObject'));
const REGISTERED: Bytes = registered.ok ? registered.value.authData : new Uint8Array();
const EXTENSIONS = encodeCbor(new Map<CborValue, CborValue>([['credProtect', 2], ['hmac-secret', true]]));

function withFlags(data: Bytes, flags: number, ...more: readonly Bytes[]): Bytes {
  const changed = concatBytes(data, ...more);
  changed[32] = flags;
  return changed;
}

/** Every byte must be accounted for by what was read. */
function lengthOf({ attestedCredentialData: attested }: AuthenticatorData): number {
  return 37 + (attested === undefined ? 0 : 18 + attested.credentialId.length + attested.publicKey.length);
}

/** Authenticator data. */
export const authenticatorDataTarget: FuzzTarget = {
  name: 'authenticator-data',
  property: 'what is parsed accounts for every byte, in the parts that the flags announce',
  covers: ['shared/webauthn/authenticator-data.ts', 'shared/cbor/scan.ts'],
  structures: ['cbor'],
  quickRuns: 2500,
  seeds: [
    [memberOf(RESPONSES.authentication, 'authenticatorData')],
    [REGISTERED],
    [withFlags(REGISTERED, 0xc5, EXTENSIONS)],
    [withFlags(memberOf(RESPONSES.authentication, 'authenticatorData'), 0x9d, EXTENSIONS)],
  ],
  run: (input) => {
    const [bytes = new Uint8Array()] = input;
    const parsed = parseAuthenticatorData(bytes);
    if (!parsed.ok) return parsed.error.detail.replace(/\d+/g, '#');
    const data = parsed.value;
    mustBeBounded(data, input);
    const attested = data.attestedCredentialData;
    mustHold((attested !== undefined) === ((data.flags & 0x40) !== 0), 'The flag AT says whether there is a credential.');
    mustHold((data.extensions !== undefined) === ((data.flags & 0x80) !== 0), 'The flag ED says whether there are extensions.');
    const isWhole = data.extensions === undefined ? lengthOf(data) === bytes.length : lengthOf(data) < bytes.length;
    mustHold(isWhole, 'No byte is left over.');
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, data.signCount);
    const idLength = Uint8Array.of((attested?.credentialId.length ?? 0) >> 8, (attested?.credentialId.length ?? 0) & 0xff);
    const written = concatBytes(
      data.rpIdHash,
      Uint8Array.of(data.flags),
      counter,
      ...(attested === undefined ? [] : [attested.aaguid, idLength, attested.credentialId, attested.publicKey]),
    );
    mustHold(equalBytes(written, bytes.subarray(0, written.length)), 'What was read stands there.');
    return `ok ${(data.flags & 0xc0).toString()}`;
  },
};

/** Attestation objects. */
export const attestationObjectTarget: FuzzTarget = {
  name: 'attestation-object',
  property: 'exactly three members, and the form without attestation keeps the authenticator data',
  covers: ['shared/webauthn/attestation-object.ts', 'shared/webauthn/authenticator-data.ts', 'shared/cbor/scan.ts'],
  structures: ['cbor', 'der'],
  seeds: [RESPONSES.none, RESPONSES.packed, RESPONSES.self].map((response) => [memberOf(response, 'attestationObject')]),
  run: (input) => {
    const [bytes = new Uint8Array()] = input;
    const parsed = parseAttestationObject(bytes);
    const bare = withoutAttestation(bytes);
    mustHold(parsed.ok === bare.ok, 'Both readers agree.');
    if (!parsed.ok || !bare.ok) return parsed.ok ? '' : parsed.error.detail.replace(/\d+/g, '#');
    const { fmt, attStmt, authData, deviations } = parsed.value;
    mustBeBounded(parsed.value, input);
    const encoded = encodeCbor(new Map<CborValue, CborValue>([['fmt', fmt], ['attStmt', attStmt], ['authData', authData]]));
    mustHold(deviations.length > 0 || equalBytes(encoded, bytes), 'A canonical object has these members and no others.');
    const again = parseAttestationObject(bare.value);
    mustHold(again.ok && equalBytes(again.value.authData, authData), 'The authenticator data stay as they are.');
    return `ok ${fmt.slice(0, 8)} ${deviations.join(' ')}`;
  },
};

const CLIENT_DATA = [
  buildClientData({ type: ClientDataType.get, challenge: new Uint8Array(32), origin: 'https://example.org', crossOrigin: false }),
  buildClientData({ type: ClientDataType.create, challenge: new Uint8Array(16), origin: 'https://a.example', crossOrigin: true, topOrigin: 'https://b.example' }),
  encodeUtf8('\ufeff {"origin":"https:\\/\\/x.example","type":"webauthn.get","challenge":"AA","__proto__":{"topOrigin":"y"},"other":[[{}]]}'),
];

/** Client data. */
export const clientDataTarget: FuzzTarget = {
  name: 'client-data',
  property: 'what is parsed is what JSON.parse sees in the object\'s own members, each of which stands there once',
  covers: ['shared/webauthn/client-data.ts'],
  structures: ['json'],
  quickRuns: 2500,
  seeds: CLIENT_DATA.map((bytes) => [bytes]),
  run: (input) => {
    const [bytes = new Uint8Array()] = input;
    const parsed = parseClientData(bytes);
    if (!parsed.ok) return parsed.error.detail;
    mustBeBounded(parsed.value, input);
    const text = new TextDecoder().decode(bytes);
    const seen = JSON.parse(text) as Readonly<Record<string, unknown>>;
    for (const name of ['type', 'challenge', 'origin', 'crossOrigin', 'topOrigin'] as const) {
      mustHold(parsed.value[name] === (Object.hasOwn(seen, name) ? seen[name] : undefined), `JSON.parse sees the same ${name}.`);
    }
    // With every value of the outermost object replaced, a member that was given twice would be missing from the count.
    let members = 0;
    JSON.parse(text, function count(this: unknown, _name: string, value: unknown): unknown {
      members += 1;
      return value;
    });
    mustHold(members >= Object.keys(seen).length, 'There are as many members as JSON.parse keeps.');
    return `ok ${Object.keys(parsed.value).join(' ')}`;
  },
};
