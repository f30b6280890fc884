import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

import { copyBytes } from '../../shared/bytes/bytes.ts';
import { failure, type Result, success } from '../../shared/bytes/result.ts';
import { type Certificate, parseCertificate } from '../../shared/x509/certificate.ts';
import type { Files } from '../install/system.ts';

/** Signer of the FIDO Alliance's BLOB. Source: FIDO Metadata Service v3.0 §3.2. */
export const FIDO_SIGNER_NAME = 'mds.fidoalliance.org';

/**
 * SHA-256 of the roots that the FIDO Alliance names or has named: GlobalSign Root R46, which the BLOB's chain leads to
 * since August 2026, and GlobalSign Root CA - R3 from before, which has certified R46 for the time of the change.
 */
const FIDO_ROOT_FINGERPRINTS: readonly string[] = [
  '4F:A3:12:6D:8D:3A:11:D1:C4:85:5A:4F:80:7C:BA:D6:CF:91:9D:3A:5A:88:B0:3B:EA:2C:63:72:D9:3C:40:C9',
  'CB:B5:22:D7:B7:F1:27:AD:6A:01:13:86:5B:DF:1C:D4:10:2E:7D:07:59:AF:63:5A:7C:F4:72:0D:C9:63:C5:3B',
];

const MAX_BYTES = 65_536;

/** The FIDO Alliance's roots, the newest first, as far as Node itself brings them: lists of roots lose old ones in time. */
export function fidoRoots(): Result<readonly Certificate[], string> {
  const brought = new Map(rootCertificates.map((pem) => new X509Certificate(pem)).map((root) => [root.fingerprint256, root.raw]));
  const roots = FIDO_ROOT_FINGERPRINTS.flatMap((fingerprint): readonly Certificate[] => {
    const raw = brought.get(fingerprint);
    const root = raw === undefined ? undefined : parse(raw);
    return root?.ok === true ? [root.value] : [];
  });
  return roots.length > 0 ? success(roots) : failure('This Node does not bring GlobalSign Root R46. Name a file with it as metadata.root.');
}

/** A root from a file, DER or PEM. */
export async function readRoot(files: Files, file: string): Promise<Result<readonly Certificate[], string>> {
  const content = await files.read(file, MAX_BYTES);
  if (!content.ok) return failure(`${file}: ${content.error.detail}`);
  try {
    const root = parse(new X509Certificate(content.value).raw);
    return root.ok ? success([root.value]) : root;
  } catch {
    return failure(`${file}: no certificate.`);
  }
}

function parse(der: Uint8Array): Result<Certificate, string> {
  const parsed = parseCertificate(copyBytes(der));
  return parsed.ok ? parsed : failure(parsed.error.detail);
}
