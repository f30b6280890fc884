import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A self-signed certificate for a test's own https server. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  /** Browser arguments that make every host name this machine, and this one certificate good. */
  readonly browserArgs: readonly string[];
  /** The same, with host names (patterns) that are served at an address of their own, whatever port their URL names. */
  readonly browserArgsWith: (hosts: Readonly<Record<string, string>>) => readonly string[];
}

/** Makes a certificate with OpenSSL, good for a day, in a folder that is gone afterwards. Rejects where there is no OpenSSL. */
export async function makeCertificate(): Promise<TestCertificate> {
  const folder = await mkdtemp(path.join(tmpdir(), 'keystile-certificate-'));
  try {
    const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    await promisify(execFile)('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=keystile test',
      '-addext', 'subjectAltName=IP:127.0.0.1,DNS:*.example.com', '-keyout', keyFile, '-out', certFile,
    ]);
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
    const hash = createHash('sha256').update(spki).digest('base64');
    const browserArgsWith = (hosts: Readonly<Record<string, string>>): readonly string[] => [
      // The first rule that fits a name decides.
      `--host-resolver-rules=${Object.entries({ ...hosts, '*': '127.0.0.1' }).map(([host, address]) => `MAP ${host} ${address}`).join(',')}`,
      `--ignore-certificate-errors-spki-list=${hash}`,
    ];
    return { cert, key, browserArgs: browserArgsWith({}), browserArgsWith };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
