import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { parseAttestationObject, withoutAttestation } from '../../../shared/webauthn/attestation-object.ts';
import { parseAuthenticatorData } from '../../../shared/webauthn/authenticator-data.ts';
import { buildAuthenticationResponse, buildRegistrationResponse } from '../../../shared/webauthn/response-json.ts';

const KEY = encodeCbor(
  new Map<CborValue, CborValue>([
    [1, 1],
    [3, -8],
    [-1, 6],
    // RFC 8032 §7.1, test 1.
    [-2, new Uint8Array(Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'))],
  ]),
);
const HASH = new Uint8Array(32).fill(7);
const ID = Uint8Array.of(1, 2, 3);

function authData(flags: number, ...parts: readonly Uint8Array[]): Bytes {
  return concatBytes(HASH, Uint8Array.of(flags, 0xff, 0xff, 0xff, 0xfe), ...parts);
}

function attested(aaguid = new Uint8Array(16).fill(9), id: Uint8Array = ID): Bytes {
  return concatBytes(aaguid, Uint8Array.of(id.length >> 8, id.length & 0xff), id, KEY);
}

function problemOf(bytes: Uint8Array): string {
  const parsed = parseAuthenticatorData(bytes);
  return parsed.ok ? 'accepted' : parsed.error.detail;
}

function object(members: readonly (readonly [CborValue, CborValue])[]): Bytes {
  return encodeCbor(new Map(members));
}

describe('parseAuthenticatorData', () => {
  it('reads the fixed part, the counter as unsigned', () => {
    const parsed = parseAuthenticatorData(authData(0x1d));
    expect(parsed.ok && parsed.value).toEqual({
      rpIdHash: HASH,
      flags: 0x1d,
      userPresent: true,
      userVerified: true,
      backupEligible: true,
      backupState: true,
      signCount: 0xffff_fffe,
    });
  });

  it('reads credential and extensions', () => {
    const extensions = new Map<CborValue, CborValue>([['credProtect', 2]]);
    const parsed = parseAuthenticatorData(authData(0xc1, attested(), encodeCbor(extensions)));
    expect(parsed.ok && parsed.value).toMatchObject({
      attestedCredentialData: { aaguid: new Uint8Array(16).fill(9), credentialId: ID, publicKey: KEY },
      extensions,
    });
  });

  it.each([
    ['36 bytes', authData(0x01).subarray(0, 36), 'too early'],
    ['nothing', new Uint8Array(), 'too early'],
    ['a byte too many', authData(0x01, Uint8Array.of(0)), 'left behind'],
    ['AT without a credential', authData(0x41), 'too early'],
    ['a credential without AT', authData(0x01, attested()), 'left behind'],
    ['an ID that is longer than the data', authData(0x41, new Uint8Array(16), Uint8Array.of(0xff, 0xff)), 'too early'],
    ['a cut key', authData(0x41, attested().subarray(0, -1)), 'public key is broken'],
    ['a byte behind the key', authData(0x41, attested(), Uint8Array.of(0)), 'left behind'],
    ['ED without extensions', authData(0x81), 'extension outputs are broken'],
    ['extensions that are no map', authData(0x81, Uint8Array.of(0x01)), 'not a map'],
    ['extensions without ED', authData(0x41, attested(), Uint8Array.of(0xa0)), 'left behind'],
    ['an extension whose name is a number', authData(0x81, Uint8Array.of(0xa1, 0x01, 0xf5)), 'has no name'],
    ['an extension whose name is true', authData(0x81, Uint8Array.of(0xa1, 0xf5, 0xf5)), 'extension outputs are broken'],
    ['an extension whose name is a float', authData(0x81, Uint8Array.of(0xa1, 0xf9, 0x3e, 0x00, 0xf5)), 'extension outputs are broken'],
    ['an extension whose name is a byte string', authData(0x81, Uint8Array.of(0xa1, 0x41, 0x61, 0xf5)), 'extension outputs are broken'],
    ['the same byte string as a key inside twice', authData(0x81, Uint8Array.of(0xa1, 0x61, 0x61, 0xa2, 0x41, 0x00, 0x00, 0x41, 0x00, 0x01)), 'extension outputs are broken'],
    ['a tag in an extension', authData(0x81, Uint8Array.of(0xa1, 0x61, 0x61, 0xc1, 0x00)), 'extension outputs are broken'],
    ['a cut float in an extension', authData(0x81, Uint8Array.of(0xa1, 0x61, 0x61, 0xf9, 0x3e)), 'extension outputs are broken'],
    ['a byte behind the extensions', authData(0x81, Uint8Array.of(0xa0, 0x00)), 'left behind'],
  ])('refuses %s', (_name, bytes, detail) => {
    expect(problemOf(bytes)).toContain(detail);
  });

  it.each([
    ['out of order', [0xa2, 0x61, 0x62, 0xf5, 0x61, 0x61, 0xf5]],
    ['with a length in long form', [0xa1, 0x78, 0x01, 0x61, 0xf5]],
    ['with a half float', [0xa1, 0x61, 0x61, 0xf9, 0x3e, 0x00]],
    ['with a float inside', [0xa1, 0x61, 0x61, 0x81, 0xfa, 0x3f, 0xc0, 0x00, 0x00]],
    ['with a double', [0xa1, 0x61, 0x61, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]],
    ['with a byte string as a key inside', [0xa1, 0x61, 0x61, 0xa1, 0x41, 0x00, 0x00]],
    ['with a simple value', [0xa1, 0x61, 0x61, 0xe0]],
  ])('takes extensions %s: recorded responses have that, or the canonical form allows it', (_name, bytes) => {
    expect(problemOf(authData(0x81, Uint8Array.from(bytes)))).toBe('accepted');
  });

  it('takes an empty map of extensions', () => {
    expect(problemOf(authData(0x81, Uint8Array.of(0xa0)))).toBe('accepted');
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 30, maxLength: 120 }), (bytes) => void parseAuthenticatorData(bytes)));
  });
});

describe('parseAttestationObject', () => {
  const MEMBERS = [['fmt', 'none'], ['attStmt', new Map()], ['authData', authData(0x41, attested())]] as const;

  it('reads its three members', () => {
    const parsed = parseAttestationObject(object(MEMBERS));
    expect(parsed.ok && parsed.value).toMatchObject({ fmt: 'none', authData: authData(0x41, attested()), deviations: [] });
  });

  it.each([
    ['no map', encodeCbor([])],
    ['a missing member', object(MEMBERS.slice(0, 2))],
    ['a member too many', object([...MEMBERS, ['more', 1]])],
    ['bytes behind it', concatBytes(object(MEMBERS), Uint8Array.of(0))],
    ['a fmt that is no text', object([['fmt', 1], ...MEMBERS.slice(1)])],
    ['a statement that is text', object([MEMBERS[0], ['attStmt', ''], MEMBERS[2]])],
    ['authData that is text', object([...MEMBERS.slice(0, 2), ['authData', 'abc']])],
    ['broken authData', object([...MEMBERS.slice(0, 2), ['authData', Uint8Array.of(1)]])],
  ])('refuses %s', (_name, bytes) => {
    expect(parseAttestationObject(bytes).ok).toBe(false);
  });
});

describe('withoutAttestation', () => {
  function strip(fmt: string, attStmt: ReadonlyMap<CborValue, CborValue>, data: Bytes): unknown {
    const stripped = withoutAttestation(object([['fmt', fmt], ['attStmt', attStmt], ['authData', data]]));
    const parsed = stripped.ok ? parseAttestationObject(stripped.value) : stripped;
    return parsed.ok ? { fmt: parsed.value.fmt, attStmt: parsed.value.attStmt, authData: parsed.value.authData } : parsed.error;
  }
  const self = new Map<CborValue, CborValue>([['alg', -8], ['sig', ID]]);

  it('drops the statement and keeps the AAGUID', () => {
    const data = authData(0x41, attested());
    expect(strip('packed', self, data)).toEqual({ fmt: 'none', attStmt: new Map(), authData: data });
  });

  it('keeps self attestation under a zero AAGUID', () => {
    const data = authData(0x41, attested(new Uint8Array(16)));
    expect(strip('packed', self, data)).toEqual({ fmt: 'packed', attStmt: self, authData: data });
  });

  it('drops certificates even under a zero AAGUID', () => {
    const certified = new Map<CborValue, CborValue>([...self, ['x5c', [ID]]]);
    expect(strip('packed', certified, authData(0x41, attested(new Uint8Array(16))))).toMatchObject({ fmt: 'none' });
  });
});

describe('response JSON', () => {
  it('builds a registration: transports sorted and unique, the key as SubjectPublicKeyInfo', () => {
    const data = authData(0x41, attested());
    const built = buildRegistrationResponse({
      clientDataJson: Uint8Array.of(1),
      attestationObject: object([['fmt', 'none'], ['attStmt', new Map()], ['authData', data]]),
      transports: ['usb', 'nfc', 'usb'],
      authenticatorAttachment: 'cross-platform',
      clientExtensionResults: {},
    });
    expect(built.ok && built.value).toMatchObject({
      id: 'AQID',
      rawId: 'AQID',
      type: 'public-key',
      authenticatorAttachment: 'cross-platform',
      response: {
        transports: ['nfc', 'usb'],
        publicKeyAlgorithm: -8,
        authenticatorData: Buffer.from(data).toString('base64url'),
        publicKey: Buffer.from('302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex').toString('base64url'),
      },
    });
  });

  it('leaves out the key that it cannot express, and tells its algorithm', () => {
    const unknownKey = encodeCbor(new Map<CborValue, CborValue>([[1, 7], [3, -48], [-1, ID]]));
    const data = authData(0x41, new Uint8Array(16), Uint8Array.of(0, 3), ID, unknownKey);
    const built = buildRegistrationResponse({
      clientDataJson: Uint8Array.of(1),
      attestationObject: object([['fmt', 'none'], ['attStmt', new Map()], ['authData', data]]),
      transports: [],
      clientExtensionResults: {},
    });
    expect(built.ok && built.value.response.publicKeyAlgorithm).toBe(-48);
    expect(built.ok && 'publicKey' in built.value.response).toBe(false);
  });

  it('refuses an attestation object without a credential', () => {
    const built = buildRegistrationResponse({
      clientDataJson: Uint8Array.of(1),
      attestationObject: object([['fmt', 'none'], ['attStmt', new Map()], ['authData', authData(0x01)]]),
      transports: [],
      clientExtensionResults: {},
    });
    expect(built.ok).toBe(false);
  });

  it('builds an authentication: an absent userHandle stays absent', () => {
    const result = { clientDataJson: ID, credentialId: ID, authenticatorData: ID, signature: ID, clientExtensionResults: {} };
    expect(buildAuthenticationResponse(result).response).toEqual({ clientDataJSON: 'AQID', authenticatorData: 'AQID', signature: 'AQID' });
    expect(buildAuthenticationResponse({ ...result, userHandle: Uint8Array.of(5) }).response.userHandle).toBe('BQ');
  });
});
