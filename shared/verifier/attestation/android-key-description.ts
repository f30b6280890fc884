import { DerError, type DerElement, DerReader, DerTag, contextTag, decodeSmallInteger, readWhole, tryDer } from '../../x509/der.ts';

/** What one authorization list says, as far as WebAuthn asks. */
export interface AuthorizationList {
  readonly allApplications: boolean;
  /** `undefined` where the list does not say. */
  readonly purposes?: readonly number[];
  readonly origin?: number;
}

/** The key description of an Android keystore's attestation certificate. */
export interface KeyDescription {
  /** 0 software, 1 trusted environment, 2 StrongBox. */
  readonly securityLevel: number;
  readonly attestationChallenge: Uint8Array;
  readonly softwareEnforced: AuthorizationList;
  readonly teeEnforced: AuthorizationList;
}

const Tag = { purpose: contextTag(1), allApplications: contextTag(600), origin: contextTag(702) } as const;

/**
 * Reads the extension 1.3.6.1.4.1.11129.2.1.17.
 *
 * Source: Android, "Key and ID attestation", schema `KeyDescription`; WebAuthn L3 §8.4.1.
 *
 * @returns `undefined` for anything that is no key description.
 */
export function readKeyDescription(value: Uint8Array): KeyDescription | undefined {
  return tryDer(() => {
    const reader = readWhole(value, DerTag.sequence);
    decodeSmallInteger(reader.read(DerTag.integer));
    const securityLevel = readEnumerated(reader);
    decodeSmallInteger(reader.read(DerTag.integer));
    readEnumerated(reader);
    const attestationChallenge = reader.read(DerTag.octetString).content;
    reader.read(DerTag.octetString);
    const softwareEnforced = readAuthorizationList(reader.read(DerTag.sequence));
    const teeEnforced = readAuthorizationList(reader.read(DerTag.sequence));
    reader.end();
    return { securityLevel, attestationChallenge, softwareEnforced, teeEnforced };
  });
}

function readAuthorizationList({ content }: DerElement): AuthorizationList {
  const reader = new DerReader(content, { allowHighTags: true });
  const entries = new Map<number, Uint8Array>();
  let previous = 0;
  while (reader.nextTag !== undefined) {
    const element = reader.readAny();
    // The members of a SEQUENCE have their order; one that returns, or goes back, could be read in two ways.
    if (element.tag <= previous) throw new DerError('An authorization list is out of order.');
    previous = element.tag;
    entries.set(element.tag, element.content);
  }
  const purposes = entries.get(Tag.purpose);
  const origin = entries.get(Tag.origin);
  return {
    allApplications: entries.has(Tag.allApplications),
    ...(purposes === undefined ? {} : { purposes: readIntegers(purposes) }),
    ...(origin === undefined ? {} : { origin: readOnly(origin) }),
  };
}

function readIntegers(content: Uint8Array): readonly number[] {
  const set = readWhole(content, DerTag.set);
  const numbers: number[] = [];
  while (set.nextTag !== undefined) numbers.push(decodeSmallInteger(set.read(DerTag.integer)));
  return numbers;
}

function readOnly(content: Uint8Array): number {
  const reader = new DerReader(content);
  const number = decodeSmallInteger(reader.read(DerTag.integer));
  reader.end();
  return number;
}

function readEnumerated(reader: DerReader): number {
  return decodeSmallInteger(reader.read(DerTag.enumerated));
}
