import type { Certificate } from '../../x509/certificate.ts';
import { DerTag, decodeObjectIdentifier, readWhole, tryDer } from '../../x509/der.ts';
import { NameForm, readAlternativeNames, readDirectoryName } from '../../x509/general-name.ts';
import type { DistinguishedName } from '../../x509/name.ts';
import { Oid } from '../../x509/oid.ts';
import type { Checklist } from '../report.ts';
import { checkAaguid } from './packed-certificate.ts';
import { checkKeyUsage } from './statement.ts';

// TCG TPM Vendor ID Registry: four characters, those of fewer filled up with NUL.
const VENDORS: ReadonlySet<string> = /* @__PURE__ */ new Set(
  (
    'AMD ANT ATML BRCM CSCO FLYS GOOG HISI HPE HPI IBM IFX INTC LEN MSFT NSG NSM NTC NTZ NVDA QCOM ROCC SEAL SECE SMSC ' +
    'SMSN SNS STM TXN WEC'
  ).split(' '),
);

/**
 * Checks the AIK certificate of a TPM's statement.
 *
 * Source: WebAuthn L3 §8.3.1, TCG EK Credential Profile 2.x §3.2.9 (subject alternative name).
 *
 * @param aaguid 16 bytes, of the authenticator data.
 * @returns whether all requirements are met; each is recorded in `checks`.
 */
export function checkTpmCertificate(leaf: Certificate, aaguid: Uint8Array, checks: Checklist): boolean {
  return [
    checks.check('attestation.tpm.version', leaf.version === 3, 'It is 3.', 'The certificate is not of version 3.'),
    checks.check('attestation.tpm.subject', leaf.subject.attributes.length === 0, 'It is empty.', 'The subject is not empty.'),
    checkSubjectAltName(leaf, checks),
    checks.check(
      'attestation.tpm.extendedKeyUsage',
      tryDer(() => readKeyPurposes(leaf))?.includes(Oid.tcgAikCertificate) === true,
      'The certificate is for an attestation identity key.',
      'The certificate is not for an attestation identity key.',
    ),
    checks.check(
      'attestation.tpm.basicConstraints',
      leaf.basicConstraints?.ca === false,
      'The certificate is not that of a certification authority.',
      'The certificate does not say that it is not a certification authority\'s.',
    ),
    checkKeyUsage('tpm', leaf, checks),
    checkAaguid('attestation.tpm.aaguid', leaf, aaguid, checks),
  ].every(Boolean);
}

function checkSubjectAltName(leaf: Certificate, checks: Checklist): boolean {
  const id = 'attestation.tpm.subjectAltName';
  const names = tryDer(() => readDirectoryNames(leaf)) ?? [];
  const values = [Oid.tcgManufacturer, Oid.tcgModel, Oid.tcgVersion].map((type) => {
    const [only, ...others] = names.flatMap(({ attributes }) => attributes.filter((attribute) => attribute.type === type));
    return others.length === 0 ? only?.value : undefined;
  });
  const [manufacturer = '', model = '', version = ''] = values;
  const isSound =
    leaf.extensions.get(Oid.subjectAltName)?.critical === true && /^id:[0-9A-F]{8}$/i.test(manufacturer) && model !== '' && version !== '';
  if (!checks.check(id, isSound, 'It names the TPM\'s manufacturer, model and version.', 'It does not name the TPM\'s manufacturer, model and version, or is not critical.')) {
    return false;
  }
  const vendor = (manufacturer.slice(3).match(/../g) ?? []).map((digits) => String.fromCharCode(Number.parseInt(digits, 16))).join('');
  const name = vendor.replace(/[\0 ]+$/, '');
  if (VENDORS.has(name)) checks.pass('attestation.tpm.manufacturer', `It is ${name}.`);
  else checks.policy('attestation.tpm.manufacturer', `${manufacturer} is in no list known here.`);
  return true;
}

/** The directory names ([4], explicit) among the alternative names. */
function readDirectoryNames(leaf: Certificate): readonly DistinguishedName[] {
  return readAlternativeNames(leaf).filter(({ tag }) => tag === NameForm.directoryName).map(readDirectoryName);
}

function readKeyPurposes({ extensions }: Certificate): readonly string[] {
  const extension = extensions.get(Oid.extendedKeyUsage);
  if (extension === undefined) return [];
  const purposes: string[] = [];
  const reader = readWhole(extension.value, DerTag.sequence);
  while (reader.nextTag !== undefined) purposes.push(decodeObjectIdentifier(reader.read(DerTag.objectIdentifier)));
  return purposes;
}
