import * as v from 'valibot';

import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { Platform, System } from '../install/system.ts';

/** Where the FIDO metadata comes from. */
export interface MetadataSettings {
  /** A BLOB on this machine, which the administrator keeps up to date. */
  readonly file?: string;
  /** Address of the BLOB. The host asks no other. */
  readonly url?: string;
  /** A certificate (DER or PEM) that the BLOB's chain has to lead to; absent: those that the FIDO Alliance names. */
  readonly root?: string;
  /** DNS name in the signer's certificate; absent: the FIDO Alliance's, or none where `root` is given. */
  readonly signerName?: string;
}

const MAX_BYTES = 65_536;

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));

// Strict: a misspelt member that was passed over would leave the host without what the administrator meant.
const schema = v.strictObject(
  {
    metadata: v.optional(
      v.strictObject(
        {
          file: v.exactOptional(text),
          url: v.exactOptional(v.pipe(text, v.check(isAllowedUrl, 'must begin with https://, without a user name or password'))),
          root: v.exactOptional(text),
          signerName: v.exactOptional(text),
        },
        explainMember,
      ),
    ),
  },
  explainMember,
);

function explainMember({ expected, message }: v.StrictObjectIssue): string {
  return expected === 'never' ? 'there is no such setting.' : message;
}

/** TLS, or this machine itself; no secret that would be told with the address. */
function isAllowedUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && (hostname === '127.0.0.1' || hostname === '[::1]'));
}

/** Places of the host's settings, the administrator's first: the first file that is there counts alone. */
export function settingsFiles({ platform, env, home, path }: Pick<System, 'platform' | 'env' | 'home' | 'path'>): readonly string[] {
  const places: Record<Platform, readonly string[]> = {
    linux: ['/etc/keystile', path.join(env['XDG_CONFIG_HOME'] ?? path.join(home, '.config'), 'keystile')],
    macos: ['/Library/Application Support/Keystile', path.join(home, 'Library', 'Application Support', 'Keystile')],
    windows: [
      path.join(env['ProgramData'] ?? 'C:\\ProgramData', 'Keystile'),
      path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'Keystile'),
    ],
  };
  return places[platform].map((folder) => path.join(folder, 'host.json'));
}

/** The folder in which the last good BLOB is kept. */
export function cacheFolder({ platform, env, home, path }: Pick<System, 'platform' | 'env' | 'home' | 'path'>): string {
  switch (platform) {
    case 'linux':
      return path.join(env['XDG_CACHE_HOME'] ?? path.join(home, '.cache'), 'keystile');
    case 'macos':
      return path.join(home, 'Library', 'Caches', 'Keystile');
    case 'windows':
      return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'Keystile', 'Cache');
  }
}

/**
 * Reads the host's settings.
 *
 * @returns no settings where there is no file; what is wrong, with the file's name, where there is one that is not valid.
 */
export async function readMetadataSettings(system: System): Promise<Result<MetadataSettings | undefined, string>> {
  for (const file of settingsFiles(system)) {
    const content = await system.files.read(file, MAX_BYTES);
    if (!content.ok && content.error.problem === 'missing') continue;
    if (!content.ok) return failure(`${file}: ${content.error.detail}`);
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content.value));
    } catch {
      return failure(`${file}: not JSON in UTF-8.`);
    }
    const decoded = v.safeParse(schema, value, { abortEarly: true });
    if (decoded.success) return success(decoded.output.metadata);
    const [issue] = decoded.issues;
    return failure(`${file}: ${v.getDotPath(issue) ?? 'the content'}: ${issue.message}`);
  }
  return success(undefined);
}
