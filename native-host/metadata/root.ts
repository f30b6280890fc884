import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

import { copyBytes } from '../../shared/bytes/bytes.ts';
import { failure, type Result } from '../../shared/bytes/result.ts';
import { type Certificate, parseCertificate } from '../../shared/x509/certificate.ts';
import type { Files } from '../install/system.ts';

/** Signer of the FIDO Alliance's BLOB. Source: FIDO Metadata Service v3.0 §3.2. */
export const FIDO_SIGNER_NAME = 'mds.fidoalliance.org';

/** SHA-256 of GlobalSign Root CA - R3, the root that the FIDO Alliance names. */
const FIDO_ROOT_FINGERPRINT = 'CB:B5:22:D7:B7:F1:27:AD:6A:01:13:86:5B:DF:1C:D4:10:2E:7D:07:59:AF:63:5A:7C:F4:72:0D:C9:63:C5:3B';

const MAX_BYTES = 65_536;

/** The FIDO Alliance's root, from the roots that Node itself brings. */
export function fidoRoot(): Result<Certificate, string> {
  for (const pem of rootCertificates) {
    const certificate = new X509Certificate(pem);
    if (certificate.fingerprint256 === FIDO_ROOT_FINGERPRINT) return parse(certificate.raw);
  }
  return failure('This Node does not bring GlobalSign Root R3. Name a file with it as metadata.root.');
}

/** A root from a file, DER or PEM. */
export async function readRoot(files: Files, file: string): Promise<Result<Certificate, string>> {
  const content = await files.read(file, MAX_BYTES);
  if (!content.ok) return failure(`${file}: ${content.error.detail}`);
  try {
    return parse(new X509Certificate(content.value).raw);
  } catch {
    return failure(`${file}: no certificate.`);
  }
}

function parse(der: Uint8Array): Result<Certificate, string> {
  const parsed = parseCertificate(copyBytes(der));
  return parsed.ok ? parsed : failure(parsed.error.detail);
}
