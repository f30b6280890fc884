import { equalBytes } from '../bytes/bytes.ts';
import type { HashName, SignatureScheme } from '../cose/algorithms.ts';
import { DerError, DerReader, DerTag, contextTag, decodeObjectIdentifier, decodeSmallInteger, readWhole, tryDer } from './der.ts';

/** id-RSASSA-PSS (RFC 4055 §3.1). */
export const RSASSA_PSS = '1.2.840.113549.1.1.10';

const MGF1 = '1.2.840.113549.1.1.8';
const HASHES: ReadonlyMap<string, { readonly hash: HashName; readonly length: number }> = /* @__PURE__ */ new Map([
  ['2.16.840.1.101.3.4.2.1', { hash: 'SHA-256', length: 32 }],
  ['2.16.840.1.101.3.4.2.2', { hash: 'SHA-384', length: 48 }],
  ['2.16.840.1.101.3.4.2.3', { hash: 'SHA-512', length: 64 }],
]);

/**
 * Reads the parameters of an RSASSA-PSS signature, as far as they are sound and WebCrypto can follow them: a hash of the
 * SHA-2 family, MGF1 with the same hash, a salt as long as the hash. The defaults rest on SHA-1, so all must be written.
 *
 * Source: RFC 4055 §3.1.
 *
 * @returns the scheme, or `undefined` for anything else.
 */
export function readPssScheme(parameters: Uint8Array | undefined): SignatureScheme | undefined {
  if (parameters === undefined) return undefined;
  return tryDer((): SignatureScheme | undefined => {
    const reader = readWhole(parameters, DerTag.sequence);
    const hashElement = readOnly(reader, 0);
    const hash = HASHES.get(readHash(hashElement.content));
    const mask = new DerReader(readOnly(reader, 1).content);
    const generator = decodeObjectIdentifier(mask.read(DerTag.objectIdentifier));
    const maskHash = mask.read(DerTag.sequence);
    mask.end();
    const salt = decodeSmallInteger(readOnly(reader, 2, DerTag.integer));
    // The trailer field: 1 is its default and its only value, and a default is not written (X.690 §11.5).
    reader.end();
    const isSound = hash !== undefined && generator === MGF1 && equalBytes(maskHash.encoded, hashElement.encoded) && salt === hash.length;
    return isSound ? { name: 'RSA-PSS', hash: hash.hash, saltLength: salt } : undefined;
  });
}

/** The one element within the explicit tag `[number]`. */
function readOnly(reader: DerReader, number: number, tag: number = DerTag.sequence): ReturnType<DerReader['read']> {
  const inner = new DerReader(reader.read(contextTag(number)).content);
  const element = inner.read(tag);
  inner.end();
  return element;
}

/** The identifier of a hash; its parameters are NULL or missing (RFC 4055 §2.1). */
function readHash(content: Uint8Array): string {
  const reader = new DerReader(content);
  const oid = decodeObjectIdentifier(reader.read(DerTag.objectIdentifier));
  if ((reader.readOptional(DerTag.null)?.content.length ?? 0) > 0) throw new DerError('A NULL is not empty.');
  reader.end();
  return oid;
}
