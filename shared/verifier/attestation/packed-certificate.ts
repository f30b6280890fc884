import { equalBytes } from '../../bytes/bytes.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { DerReader, DerTag, decodeInteger, tryDer } from '../../x509/der.ts';
import { Oid } from '../../x509/oid.ts';
import type { Checklist } from '../report.ts';
import { checkKeyUsage } from './statement.ts';

/**
 * Checks the leaf certificate of a packed statement.
 *
 * Source: WebAuthn L3 §8.2.1 (certificate requirements), §8.2.2 (enterprise serial number).
 *
 * @param aaguid 16 bytes, of the authenticator data.
 * @returns whether all requirements are met; each is recorded in `checks`.
 */
export function checkPackedCertificate(leaf: Certificate, aaguid: Uint8Array, checks: Checklist): boolean {
  const problem = subjectProblem(leaf);
  const results = [
    checks.check('attestation.packed.version', leaf.version === 3, 'It is 3.', 'The certificate is not of version 3.'),
    checks.check('attestation.packed.subject', problem === undefined, 'It has C, O, OU and CN as required.', problem ?? ''),
    checks.check(
      'attestation.packed.basicConstraints',
      leaf.basicConstraints?.ca === false,
      'The certificate is not that of a certification authority.',
      'The certificate does not say that it is not a certification authority\'s.',
    ),
    checkKeyUsage('packed', leaf, checks),
    checkAaguid('attestation.packed.aaguid', leaf, aaguid, checks),
    checkOtherExtensions(leaf, checks),
  ];
  return results.every(Boolean);
}

function subjectProblem({ subject }: Certificate): string | undefined {
  const only = (type: string): string | undefined => {
    const [first, ...others] = subject.attributes.filter((attribute) => attribute.type === type);
    return others.length === 0 ? first?.value : undefined;
  };
  const country = subject.attributes.find(({ type }) => type === Oid.countryName);
  if (!/^[A-Z]{2}$/.test(only(Oid.countryName) ?? '') || country?.encodedValue[0] !== DerTag.printableString) {
    return 'The subject has no country code of two letters (a PrintableString).';
  }
  if ((only(Oid.organizationName) ?? '').trim() === '') return 'The subject has no organisation.';
  if (only(Oid.organizationalUnitName) !== 'Authenticator Attestation') {
    return 'The subject\'s organisational unit is not "Authenticator Attestation".';
  }
  return (only(Oid.commonName) ?? '').trim() === '' ? 'The subject has no common name.' : undefined;
}

/** Checks id-fido-gen-ce-aaguid, where the certificate has it: not critical, and the AAGUID of the authenticator data. */
export function checkAaguid(
  id: 'attestation.packed.aaguid' | 'attestation.tpm.aaguid',
  { extensions }: Certificate,
  aaguid: Uint8Array,
  checks: Checklist,
): boolean {
  const extension = extensions.get(Oid.fidoAaguid);
  if (extension === undefined) {
    checks.skip(id, 'The certificate names no AAGUID.');
    return true;
  }
  if (extension.critical) {
    checks.fail(id, 'The AAGUID extension is critical.');
    return false;
  }
  const wrapped = readElement(extension.value, DerTag.octetString);
  return checks.check(
    id,
    wrapped !== undefined && equalBytes(wrapped, aaguid),
    'It is that of the authenticator data.',
    'The certificate is for another AAGUID.',
  );
}

function checkOtherExtensions({ extensions }: Certificate, checks: Checklist): boolean {
  const firmware = extensions.get(Oid.fidoFirmwareVersion);
  const serial = extensions.get(Oid.fidoSerialNumber);
  const isWellFormed =
    (firmware === undefined || (!firmware.critical && isNonNegativeInteger(firmware.value))) &&
    (serial === undefined || (!serial.critical && readElement(serial.value, DerTag.octetString) !== undefined));
  return checks.check(
    'attestation.packed.extensions',
    isWellFormed,
    'FIDO\'s other extensions are in order.',
    'The firmware version or the serial number is critical or malformed.',
  );
}

function isNonNegativeInteger(value: Uint8Array): boolean {
  const content = readElement(value, DerTag.integer);
  return content !== undefined && (content[0] ?? 0x80) < 0x80;
}

/** Content of the one element of tag `tag` that `bytes` is; `undefined` for anything else. */
function readElement(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  return tryDer(() => {
    const reader = new DerReader(bytes);
    const element = reader.read(tag);
    reader.end();
    return tag === DerTag.integer ? decodeInteger(element) : element.content;
  });
}
