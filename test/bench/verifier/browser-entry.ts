import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import { importByWebCrypto } from '../../../shared/cose/web-crypto.ts';
import { type Samples, measureInTurns, verifierSubjects, webCryptoAlone } from './subjects.ts';

/** What judging costs here. Milliseconds a run, by subject. */
function measure(samples: Samples): Promise<Readonly<Record<string, readonly number[]>>> {
  const alone = webCryptoAlone(samples);
  return measureInTurns({
    raw: alone['key at hand'],
    'WebCrypto alone, with import': alone['with import'],
    ...verifierSubjects(samples, importByWebCrypto),
  });
}

/** The samples come as JSON, in which `{ bytes }` (base64url) stands for a byte string. */
function revive(_name: string, value: unknown): unknown {
  const bytes = (value as { readonly bytes?: unknown } | null)?.bytes;
  return typeof bytes === 'string' ? decodeBase64url(bytes) : value;
}

Object.assign(globalThis, { measureVerifier: (json: string) => measure(JSON.parse(json, revive) as Samples) });
