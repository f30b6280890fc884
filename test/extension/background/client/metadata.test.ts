import { describe, expect, it } from 'vitest';

import { metadataFacts } from '../../../../extension/background/client/metadata.ts';
import { encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import type { MetadataLookup } from '../../../../shared/wire/metadata.ts';
import type { Certificate } from '../../../../shared/x509/certificate.ts';
import { type CertificateSpec, type KeyPair, basicConstraints, certificate, newKeyPair } from '../../../shared/x509/certificate-builder.ts';
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
