import * as v from 'valibot';

import { decodeBase64 } from '../../bytes/base64.ts';
import { decodeBase64url } from '../../bytes/base64url.ts';
import { type Bytes, encodeUtf8 } from '../../bytes/bytes.ts';
import { decodeBase64urlFast } from '../../bytes/fast-base64url.ts';
import { failure, success, type Result } from '../../bytes/result.ts';
import type { CurveName, SignatureScheme } from '../../cose/algorithms.ts';
import { isValidRawSignature } from '../../cose/signature.ts';
import { importByWebCrypto } from '../../cose/web-crypto.ts';
import { type Certificate, parseCertificate } from '../../x509/certificate.ts';
import { materialFor } from '../../x509/public-key.ts';

/** A JSON Web Signature in compact form, taken apart but not judged. */
export interface SignedText {
  readonly scheme: SignatureScheme;
  readonly curve?: CurveName;
  /** From `x5c`, the signer's first. */
  readonly certificates: readonly Certificate[];
  readonly signedBytes: Bytes;
  readonly signature: Bytes;
  readonly payload: Bytes;
}

const MAX_HEADER = 65_536;
const MAX_CERTIFICATES = 8;

/** The algorithms that are taken; `none` and MACs can never be among them. */
const ALGORITHMS: ReadonlyMap<string, { readonly scheme: SignatureScheme; readonly curve?: CurveName }> = /* @__PURE__ */ new Map([
  ['RS256', { scheme: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const }],
  ['ES256', { scheme: { name: 'ECDSA', hash: 'SHA-256' } as const, curve: 'P-256' as const }],
]);

const headerSchema = v.object({
  alg: v.string(),
  x5c: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_CERTIFICATES)),
  /** Extensions that a reader must understand: none is understood. */
  crit: v.optional(v.undefined()),
  b64: v.optional(v.undefined()),
});

/**
 * Takes a compact JWS apart. Only `x5c` is looked at for certificates: an address (`x5u`, `jku`) is never fetched.
 *
 * Source: RFC 7515 §3.1, §4.1, §5.2.
 *
 * @returns what is wrong with it, in plain words.
 */
export function parseSignedText(text: string): Result<SignedText, string> {
  const [header = '', payload = '', signature = '', ...others] = text.split('.', 4);
  if (others.length > 0 || signature === '') return failure('It does not consist of three parts.');
  const headerBytes = header.length > MAX_HEADER ? undefined : decodeBase64url(header);
  const payloadBytes = decodeBase64urlFast(payload);
  const signatureBytes = decodeBase64url(signature);
  if (headerBytes === undefined || payloadBytes === undefined || signatureBytes === undefined) {
    return failure('A part is not base64url.');
  }
  const decoded = v.safeParse(headerSchema, parseJson(headerBytes));
  if (!decoded.success) return failure('Its header lacks alg or x5c, or asks for what is not understood.');
  const { alg, x5c } = decoded.output;
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) return failure('Its algorithm is neither RS256 nor ES256.');
  const certificates: Certificate[] = [];
  for (const entry of x5c) {
    const bytes = decodeBase64(entry);
    const certificate = bytes && parseCertificate(bytes);
    if (certificate?.ok !== true) return failure('A certificate in its header is broken.');
    certificates.push(certificate.value);
  }
  const signedBytes = encodeUtf8(text.slice(0, header.length + 1 + payload.length));
  return success({ ...algorithm, certificates, signedBytes, signature: signatureBytes, payload: payloadBytes });
}

/** Whether the key of the first certificate made the signature. Source: RFC 7518 §3.3, §3.4. */
export async function isSignedBySigner({ scheme, curve, certificates, signature, signedBytes }: SignedText): Promise<boolean> {
  const [signer] = certificates;
  const material = signer && materialFor(signer.publicKey, scheme);
  if (material === undefined || signer?.publicKey.known?.curve !== curve) return false;
  const key = await importByWebCrypto(material, scheme);
  return key.ok && isValidRawSignature(key.value, signature, signedBytes);
}

/** Parses UTF-8 JSON; `undefined` for anything else. */
export function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
