import { sign } from 'node:crypto';

import { type Certificate, parseCertificate } from '../../../../shared/x509/certificate.ts';
import { type Attribute, type CertificateSpec, basicConstraints, certificate, der, newKeyPair } from '../../x509/certificate-builder.ts';

/** Makes metadata BLOBs under a root of its own. */

export const SIGNER_NAME = 'mds.example.org';
export const NOW = Date.UTC(2026, 10, 22);
const rootKey = newKeyPair();
export const signerKey = newKeyPair();
const rootName: readonly Attribute[] = [['2.5.4.3', 'Metadata root']];
const signerSubject: readonly Attribute[] = [['2.5.4.3', SIGNER_NAME]];

const rootDer = certificate({ subject: rootName, issuer: rootName, key: rootKey, issuerKey: rootKey, extensions: [basicConstraints(true)] });

/** The root, DER. */
export const ROOT_DER = rootDer;

/** The root, parsed. */
export const ROOT = parsed(rootDer);

export function parsed(bytes: Uint8Array): Certificate {
  const result = parseCertificate(bytes);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

export function signerCertificate(name = SIGNER_NAME, changes: Partial<CertificateSpec> = {}): Uint8Array {
  const subjectAltName = { oid: '2.5.29.17', value: der(0x30, der(0x82, Buffer.from(name))) };
  return certificate({
    subject: signerSubject,
    issuer: rootName,
    key: signerKey,
    issuerKey: rootKey,
    extensions: [basicConstraints(false), subjectAltName],
    ...changes,
  });
}

/** What a BLOB is made of; everything has a valid default. */
export interface BlobSpec {
  readonly payload?: unknown;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly certificate?: Uint8Array;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A BLOB in compact form, ES256. */
export function blob(spec: BlobSpec = {}): string {
  const x5c = [Buffer.from(spec.certificate ?? signerCertificate()).toString('base64')];
  const text = `${encode({ alg: 'ES256', typ: 'JWT', x5c, ...spec.header })}.${encode(spec.payload ?? payload())}`;
  const signature = sign('SHA256', Buffer.from(text), { key: signerKey.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

export const AAGUID = '00112233-4455-6677-8899-aabbccddeeff';

/** An entry; changes are laid over its members. */
export function entry(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    aaguid: AAGUID,
    statusReports: [{ status: 'FIDO_CERTIFIED_L1', effectiveDate: '2024-01-01' }],
    timeOfLastStatusChange: '2024-01-01',
    metadataStatement: {
      description: 'Test key',
      protocolFamily: 'fido2',
      attestationTypes: ['basic_full'],
      attestationRootCertificates: [Buffer.from(rootDer).toString('base64')],
      icon: 'data:image/png;base64,AAAA',
      userVerificationDetails: [[{ userVerificationMethod: 'passcode_external', caDesc: {} }]],
      authenticatorGetInfo: { versions: ['FIDO_2_1'], extensions: ['hmac-secret'], aaguid: 'x', options: { rk: true, clientPin: true } },
    },
    ...changes,
  };
}

/** A payload with one entry. */
export function payload(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { legalHeader: 'Test', no: 7, nextUpdate: '2026-12-01', entries: [entry()], ...changes };
}
