import { type Bytes, copyBytes, equalBytes } from '../bytes/bytes.ts';
import { DerError, type DerElement, DerReader, DerTag, decodeObjectIdentifier } from './der.ts';

/** One attribute of a name. `value` is absent for bit strings, and for string types whose text is not decoded here. */
export interface NameAttribute {
  /** Object identifier in dotted form. */
  readonly type: string;
  readonly value?: string;
  /** DER of the value. */
  readonly encodedValue: Bytes;
  /** Position of the relative distinguished name that the attribute belongs to. */
  readonly position: number;
}

/** A distinguished name: its DER, and its attributes in order. */
export interface DistinguishedName {
  readonly encoded: Bytes;
  readonly attributes: readonly NameAttribute[];
}

/** X.520's string types (NumericString, VisibleString and UniversalString are the numbers), and that of its x500UniqueIdentifier. */
const VALUE_TAGS: ReadonlySet<number> = /* @__PURE__ */ new Set<number>([
  DerTag.utf8String,
  DerTag.printableString,
  DerTag.t61String,
  DerTag.ia5String,
  DerTag.bmpString,
  DerTag.bitString,
  0x12,
  0x1a,
  0x1c,
]);

/** Reads a Name. Source: RFC 5280 §4.1.2.4. */
export function readName({ content, encoded }: DerElement): DistinguishedName {
  const attributes: NameAttribute[] = [];
  const sets = new DerReader(content);
  for (let position = 0; sets.nextTag !== undefined; position += 1) {
    const set = new DerReader(sets.read(DerTag.set).content);
    do {
      const attribute = new DerReader(set.read(DerTag.sequence).content);
      const type = decodeObjectIdentifier(attribute.read(DerTag.objectIdentifier));
      const element = attribute.readAny();
      attribute.end();
      const value = readText(element);
      attributes.push({
        type,
        encodedValue: copyBytes(element.encoded),
        position,
        ...(value === undefined ? {} : { value }),
      });
    } while (set.nextTag !== undefined);
  }
  return { encoded: copyBytes(encoded), attributes };
}

/**
 * Whether two names are the same: equal as DER, or equal attribute by attribute, where texts count as equal across
 * string types, without regard to case and to the number of spaces (issuers and subjects differ like that in practice).
 *
 * Source: RFC 5280 §7.1.
 */
export function equalNames(left: DistinguishedName, right: DistinguishedName): boolean {
  return equalBytes(left.encoded, right.encoded) || equalAttributes(left.attributes, right.attributes);
}

/** Whether `name` lies below `base`, or is it: whether it starts with the same relative distinguished names. */
export function isNameBelow({ attributes }: DistinguishedName, base: DistinguishedName): boolean {
  const depth = (base.attributes.at(-1)?.position ?? -1) + 1;
  return equalAttributes(attributes.filter(({ position }) => position < depth), base.attributes);
}

function equalAttributes(left: readonly NameAttribute[], right: readonly NameAttribute[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((attribute, index) => {
    const other = right[index];
    if (other?.type !== attribute.type || other.position !== attribute.position) return false;
    if (attribute.value === undefined || other.value === undefined) {
      return equalBytes(attribute.encodedValue, other.encodedValue);
    }
    return folded(attribute.value) === folded(other.value);
  });
}

function folded(text: string): string {
  return text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
}

function readText({ tag, content }: DerElement): string | undefined {
  if (!VALUE_TAGS.has(tag)) throw new DerError('A part of a name is of no type that names have.');
  if (tag !== DerTag.utf8String && tag !== DerTag.printableString && tag !== DerTag.ia5String) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new DerError('A text is not valid UTF-8.');
  }
}
