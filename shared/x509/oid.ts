/** Object identifiers in dotted form. */
export const Oid = {
  // RFC 5280 appendix A.
  countryName: '2.5.4.6',
  organizationName: '2.5.4.10',
  organizationalUnitName: '2.5.4.11',
  commonName: '2.5.4.3',
  emailAddress: '1.2.840.113549.1.9.1',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
  // RFC 5480, RFC 8410, RFC 8017.
  ecPublicKey: '1.2.840.10045.2.1',
  rsaEncryption: '1.2.840.113549.1.1.1',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  // FIDO: WebAuthn L3 §8.2.1 and §8.2.2.
  fidoAaguid: '1.3.6.1.4.1.45724.1.1.4',
  fidoFirmwareVersion: '1.3.6.1.4.1.45724.1.1.5',
  fidoSerialNumber: '1.3.6.1.4.1.45724.1.1.2',
  // TCG EK credential profile §3.1.2 and §3.2.9, TCG AIK certificates (WebAuthn L3 §8.3.1).
  tcgManufacturer: '2.23.133.2.1',
  tcgModel: '2.23.133.2.2',
  tcgVersion: '2.23.133.2.3',
  tcgAikCertificate: '2.23.133.8.3',
  // WebAuthn L3 §8.4.1 and §8.8.
  androidKeyDescription: '1.3.6.1.4.1.11129.2.1.17',
  appleNonce: '1.2.840.113635.100.8.2',
} as const;
