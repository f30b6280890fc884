import { describe, expect, it } from 'vitest';

import { lookUpModel, metadataFacts } from '../../../../extension/background/client/metadata.ts';
import type { HostSession } from '../../../../extension/background/native-port.ts';
import { decodeBase64url, encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { encodeHex } from '../../../../shared/bytes/hex.ts';
import { failure } from '../../../../shared/bytes/result.ts';
import type { MetadataLookup } from '../../../../shared/wire/metadata.ts';
import type { Certificate } from '../../../../shared/x509/certificate.ts';
import { type CertificateSpec, type KeyPair, basicConstraints, certificate, newKeyPair } from '../../../shared/x509/certificate-builder.ts';
import { u2f } from '../../../shared/verifier/attestation/statements.ts';
import { AAGUID, REGISTRATION_DATA, registration } from '../../../shared/verifier/fixture.ts';
import { NOW, parsed } from '../../../shared/verifier/mds/fixture.ts';

const named = (name: string): CertificateSpec['subject'] => [['2.5.4.3', name]];

function root(name: string, key: KeyPair): Certificate {
  return parsed(certificate({ subject: named(name), key, issuer: named(name), issuerKey: key, extensions: [basicConstraints(true)] }));
}

describe('metadataFacts', () => {
  const key = newKeyPair();
  const issuer = root('Maker root 1', key);
  const other = root('Maker root 2', newKeyPair());
  const leaf = parsed(certificate({ subject: named('Key'), key: newKeyPair(), issuer: named('Maker root 1'), issuerKey: key, extensions: [basicConstraints(false)] }));

  function lookup(compromised: Certificate): MetadataLookup {
    return {
      status: { state: 'current', no: 1, nextUpdate: NOW },
      entry: {
        description: 'Key',
        protocolFamily: 'fido2',
        attestationTypes: ['basic_full'],
        anchors: [issuer, other].map(({ encoded }) => encodeBase64url(encoded)),
        statusReports: [{ status: 'ATTESTATION_KEY_COMPROMISE', effectiveDate: '2025-01-01', certificate: encodeBase64url(compromised.encoded) }],
        userVerificationMethods: [],
      },
    };
  }

  // `x5c` leaves the root out, which is what such a report may name.
  it('counts a compromise of the root that the key\'s certificate is under, and not of the maker\'s other root', () => {
    expect(metadataFacts(lookup(issuer), NOW, [leaf])).toMatchObject({ status: { denied: ['ATTESTATION_KEY_COMPROMISE'] } });
    expect(metadataFacts(lookup(other), NOW, [leaf])).toMatchObject({ status: { denied: [] } });
  });

  it('counts every compromise for a key that brings no certificate', () => {
    expect(metadataFacts(lookup(other), NOW, [])).toMatchObject({ status: { denied: ['ATTESTATION_KEY_COMPROMISE'] } });
  });
});

describe('lookUpModel', () => {
  async function asked(input: ReturnType<typeof registration>): Promise<unknown> {
    let params: unknown;
    const session = {
      request: (_method: string, given: unknown) => {
        params = given;
        return Promise.resolve(failure({ kind: 'disconnected' }));
      },
    } as unknown as HostSession;
    const { response } = input.response as { response: { attestationObject: string } };
    await lookUpModel(session, decodeBase64url(response.attestationObject) ?? new Uint8Array());
    return params;
  }

  it('asks by AAGUID', async () => {
    expect(await asked(registration())).toEqual({ aaguid: encodeHex(AAGUID), keyIdentifiers: [], waits: true });
  });

  it('asks by certificate alone for a U2F key: its signature does not cover an AAGUID', async () => {
    expect(await asked(registration({ ...u2f(), data: REGISTRATION_DATA }))).toEqual({ keyIdentifiers: [expect.stringMatching(/^[0-9a-f]{40}$/)], waits: true });
  });

  it('does not wait for a host that does not answer', async () => {
    const session = {
      request: (_method: string, _params: unknown, options: { readonly signal?: AbortSignal } = {}) =>
        new Promise((resolve) => options.signal?.addEventListener('abort', () => resolve(failure({ kind: 'cancelled' })))),
    } as unknown as HostSession;
    const { response } = registration().response as { response: { attestationObject: string } };
    expect(await lookUpModel(session, decodeBase64url(response.attestationObject) ?? new Uint8Array(), 10)).toBeUndefined();
  });
});
