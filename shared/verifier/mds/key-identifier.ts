import { encodeHex } from '../../bytes/hex.ts';
import { DerTag, decodeBitString, readWhole } from '../../x509/der.ts';
import type { Certificate } from '../../x509/certificate.ts';

/**
 * The key identifier of a certificate as metadata lists it: SHA-1 of the bytes of its public key, in hexadecimal digits.
 *
 * Source: FIDO Metadata Service v3.0 §3.1.1 (attestationCertificateKeyIdentifiers); RFC 5280 §4.2.1.2, method 1.
 */
export async function keyIdentifier({ publicKey }: Certificate): Promise<string> {
  const reader = readWhole(publicKey.spki, DerTag.sequence);
  reader.read(DerTag.sequence);
  const { bytes } = decodeBitString(reader.read(DerTag.bitString));
  return encodeHex(new Uint8Array(await crypto.subtle.digest('SHA-1', bytes)));
}
