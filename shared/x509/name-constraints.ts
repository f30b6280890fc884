import type { Certificate } from './certificate.ts';
import { DerError, type DerElement, DerReader, DerTag, contextTag, readWhole, tryDer } from './der.ts';
import { type GeneralName, NameForm, hostNameOf, readAlternativeNames, readDirectoryName } from './general-name.ts';
import { isNameBelow } from './name.ts';
import { Oid } from './oid.ts';

/**
 * Tells whether the names of a certificate are within the name constraints of an issuer above it. Directory names and
 * host names are compared; where names of another form are constrained, and the certificate has one, it is not within.
 *
 * Source: RFC 5280 §4.2.1.10.
 *
 * @param constraints the extension's value.
 * @returns false, too, for constraints or names that are malformed.
 */
export function isWithinConstraints(certificate: Certificate, constraints: Uint8Array): boolean {
  const isWithin = tryDer(() => {
    const { permitted, excluded } = readConstraints(constraints);
    return namesOf(certificate).every((name) => {
      const allowed = permitted.filter(({ tag }) => tag === name.tag);
      const denied = excluded.filter(({ tag }) => tag === name.tag);
      if (allowed.length + denied.length === 0) return true;
      const compare = COMPARISONS.get(name.tag);
      if (compare === undefined) return false;
      return (allowed.length === 0 || allowed.some((base) => compare(name, base))) && !denied.some((base) => compare(name, base));
    });
  });
  return isWithin === true;
}

const COMPARISONS: ReadonlyMap<number, (name: GeneralName, base: GeneralName) => boolean> = /* @__PURE__ */ new Map([
  [NameForm.directoryName, (name: GeneralName, base: GeneralName) => isNameBelow(readDirectoryName(name), readDirectoryName(base))],
  [NameForm.hostName, isHostBelow],
]);

function readConstraints(value: Uint8Array): { readonly permitted: readonly GeneralName[]; readonly excluded: readonly GeneralName[] } {
  const reader = readWhole(value, DerTag.sequence);
  const permitted = readSubtrees(reader.readOptional(contextTag(0)));
  const excluded = readSubtrees(reader.readOptional(contextTag(1)));
  reader.end();
  if (permitted.length + excluded.length === 0) throw new DerError('There are no constraints.');
  return { permitted, excluded };
}

function readSubtrees(element: DerElement | undefined): readonly GeneralName[] {
  if (element === undefined) return [];
  const list = new DerReader(element.content);
  const bases: GeneralName[] = [];
  do {
    const subtree = new DerReader(list.read(DerTag.sequence).content);
    bases.push(subtree.readAny());
    // The minimum is always its default, and there is no maximum.
    subtree.end();
  } while (list.nextTag !== undefined);
  return bases;
}

function namesOf(certificate: Certificate): readonly GeneralName[] {
  const { subject } = certificate;
  const names: GeneralName[] = [];
  if (subject.attributes.length > 0) names.push({ tag: NameForm.directoryName, content: subject.encoded });
  for (const { type, encodedValue } of subject.attributes) {
    if (type === Oid.emailAddress) names.push({ tag: NameForm.mailAddress, content: encodedValue });
  }
  return [...names, ...readAlternativeNames(certificate)];
}

function isHostBelow(name: GeneralName, base: GeneralName): boolean {
  const [host, suffix] = [hostNameOf(name), hostNameOf(base)];
  return suffix === '' || host === suffix || host.endsWith(suffix.startsWith('.') ? suffix : `.${suffix}`);
}
