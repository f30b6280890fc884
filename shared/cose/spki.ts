import { type Bytes, concatBytes } from '../bytes/bytes.ts';
import { decodeHex } from '../bytes/hex.ts';
import { type EcCurveName, type EdCurveName, KeyType } from './algorithms.ts';
import type { Ec2Key, OkpKey, RsaKey } from './cose-key.ts';

const DerTag = { integer: 0x02, bitString: 0x03, null: 0x05, sequence: 0x30 } as const;

// Whole OBJECT IDENTIFIERs: RFC 5480 §2.1.1, SEC 2 §A.2 (secp256k1), RFC 8410 §3, RFC 8017 appendix C.
const OID_EC_PUBLIC_KEY = '06072a8648ce3d0201';
const OID_RSA_ENCRYPTION = '06092a864886f70d010101';
const ED_OIDS: Readonly<Record<EdCurveName, string>> = { Ed25519: '06032b6570', Ed448: '06032b6571' };
const CURVE_OIDS: Readonly<Record<EcCurveName, string>> = {
  'P-256': '06082a8648ce3d030107',
  'P-384': '06052b81040022',
  'P-521': '06052b81040023',
  secp256k1: '06052b8104000a',
};

/**
 * Encodes a key as DER SubjectPublicKeyInfo, the form of `getPublicKey()` and of WebCrypto's `spki` import.
 *
 * Source: WebAuthn L3 §5.2.1.1; RFC 5480 (EC), RFC 8410 (Ed25519, Ed448), RFC 3279 §2.3.1 (RSA).
 */
export function encodeSpki(key: Omit<Ec2Key, 'algorithm'> | Omit<OkpKey, 'algorithm'> | Omit<RsaKey, 'algorithm'>): Bytes {
  switch (key.keyType) {
    case KeyType.ec2:
      return spki(
        concatBytes(fromHex(OID_EC_PUBLIC_KEY), fromHex(CURVE_OIDS[key.curve])),
        concatBytes(Uint8Array.of(0x04), key.x, key.y),
      );
    case KeyType.okp:
      return spki(fromHex(ED_OIDS[key.curve]), key.x);
    case KeyType.rsa:
      return spki(
        concatBytes(fromHex(OID_RSA_ENCRYPTION), derElement(DerTag.null, new Uint8Array())),
        derElement(DerTag.sequence, concatBytes(derUnsigned(key.n), derUnsigned(key.e))),
      );
  }
}

function spki(algorithm: Uint8Array, publicKey: Uint8Array): Bytes {
  return derElement(
    DerTag.sequence,
    concatBytes(
      derElement(DerTag.sequence, algorithm),
      derElement(DerTag.bitString, concatBytes(Uint8Array.of(0), publicKey)),
    ),
  );
}

/** An INTEGER from a big-endian number without leading zeros: a set top bit must not read as a sign. */
function derUnsigned(number: Uint8Array): Bytes {
  const isNegative = ((number[0] ?? 0) & 0x80) !== 0;
  return derElement(DerTag.integer, isNegative ? concatBytes(Uint8Array.of(0), number) : number);
}

function derElement(tag: number, content: Uint8Array): Bytes {
  const { length } = content;
  if (length < 0x80) return concatBytes(Uint8Array.of(tag, length), content);
  if (length < 0x100) return concatBytes(Uint8Array.of(tag, 0x81, length), content);
  return concatBytes(Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), content);
}

function fromHex(digits: string): Bytes {
  const bytes = decodeHex(digits);
  if (bytes === undefined) throw new TypeError('An object identifier in the source is not hexadecimal.');
  return bytes;
}
