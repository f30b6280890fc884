import type { Certificate } from './certificate.ts';
import { type DerElement, DerReader, DerTag, contextTag, readWhole } from './der.ts';
import { type DistinguishedName, readName } from './name.ts';
import { Oid } from './oid.ts';

/** A GeneralName: its tag tells the form. */
export type GeneralName = Pick<DerElement, 'tag' | 'content'>;

export const NameForm = { mailAddress: 0x81, hostName: 0x82, directoryName: contextTag(4) } as const;

/**
 * The subject alternative names of a certificate; none without the extension.
 *
 * Source: RFC 5280 §4.2.1.6.
 *
 * @throws DerError for an extension that is malformed.
 */
export function readAlternativeNames({ extensions }: Pick<Certificate, 'extensions'>): readonly GeneralName[] {
  const extension = extensions.get(Oid.subjectAltName);
  if (extension === undefined) return [];
  const names: GeneralName[] = [];
  const reader = readWhole(extension.value, DerTag.sequence);
  while (reader.nextTag !== undefined) names.push(reader.readAny());
  return names;
}

/** Those of the alternative names that are host names, lower case. Throws as {@link readAlternativeNames} does. */
export function readHostNames(certificate: Pick<Certificate, 'extensions'>): readonly string[] {
  return readAlternativeNames(certificate).filter(({ tag }) => tag === NameForm.hostName).map(hostNameOf);
}

/** The text of a host name, lower case. */
export function hostNameOf({ content }: GeneralName): string {
  return new TextDecoder('latin1').decode(content).toLowerCase();
}

/**
 * Reads a directory name.
 *
 * @throws DerError for one that is malformed.
 */
export function readDirectoryName({ content }: GeneralName): DistinguishedName {
  const reader = new DerReader(content);
  const name = readName(reader.read(DerTag.sequence));
  reader.end();
  return name;
}
