import { X509Certificate, createHash } from 'node:crypto';
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
const FIDO_ROOT_HASHES: readonly string[] = [
  '4fa3126d8d3a11d1c4855a4f807cbad6cf919d3a5a88b03bea2c6372d93c40c9',
  'cbb522d7b7f127ad6a0113865bdf1cd4102e7d0759af635a7cf4720dc963c53b',
];

const MAX_BYTES = 65_536;

/** The FIDO Alliance's roots, the newest first, as far as Node itself brings them: lists of roots lose old ones in time. */
export function fidoRoots(): Result<readonly Certificate[], string> {
  // By their hash: parsing them all takes several times as long.
  const brought = new Map(rootCertificates.map(decodePem).map((der) => [createHash('sha256').update(der).digest('hex'), der]));
  const roots = FIDO_ROOT_HASHES.flatMap((hash): readonly Certificate[] => {
    const der = brought.get(hash);
    const root = der === undefined ? undefined : parse(der);
    return root?.ok === true ? [root.value] : [];
  });
  return roots.length > 0 ? success(roots) : failure('This Node does not bring GlobalSign Root R46. Name a file with it as metadata.root.');
}

function decodePem(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64');
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
