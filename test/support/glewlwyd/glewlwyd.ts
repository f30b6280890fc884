import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startDaemon } from './daemon.ts';
import { findGlewlwyd, writeGlewlwyd } from './files.ts';

/** Debian's Glewlwyd: a single sign-on server with WebAuthn code and pages of its own. */
export interface Glewlwyd {
  readonly origin: string;
  /** Adds a person who may see the own profile once signed in. */
  addUser(username: string, password: string): Promise<void>;
  /** What a person has to sign in with to see the own profile; the password at first. */
  requireForProfile(what: 'password' | 'key'): Promise<void>;
  /** What it has written so far. */
  log(): string;
  close(): Promise<void>;
}

/** Calls the documented API (API.md) as the administrator. Resolves with the status. */
type Administer = (method: 'POST' | 'PUT', call: string, body: object) => Promise<void>;

/** Name of its WebAuthn scheme, as `login.html?scheme=` wants it. */
export const KEY_SCHEME = 'security-key';

const PROFILE_SCOPE = 'g_profile';
const KEY_SCOPE = 'by_key';

/** What a scope wants. */
const BY_PASSWORD = { password_required: true, scheme: {}, scheme_required: {} };
const BY_KEY = {
  password_required: false,
  scheme: { 1: [{ scheme_type: 'webauthn', scheme_name: KEY_SCHEME }] },
  scheme_required: { 1: 1 },
};

/** The one account of a new database. */
const ADMINISTRATOR = { username: 'admin', password: 'password' };

/**
 * Starts one over http on loopback with a new database and a WebAuthn scheme, which takes only keys with an attestation
 * that leads to the root. A text says why that cannot be done here.
 *
 * @param attestationRoot a certificate in PEM.
 */
export async function startGlewlwyd(attestationRoot: string): Promise<Glewlwyd | string> {
  const packages = findGlewlwyd();
  if (typeof packages === 'string') return packages;
  const cleanups: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  };
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'keystile-glewlwyd-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const origin = `http://localhost:${(await findFreePort()).toString()}`;
    const settings = writeGlewlwyd(packages, folder, origin, KEY_SCHEME);
    const rootFile = path.join(folder, 'root.pem');
    await writeFile(rootFile, attestationRoot);
    const daemon = await startDaemon(packages.daemon, settings, packages.packages.libraryPath, origin);
    cleanups.push(() => daemon.stop());
    const administer = await signInAdministrator(origin);
    await administer('POST', 'mod/scheme/', schemeFor(origin, rootFile));
    // A person may only register what one of the own scopes asks for.
    await administer('POST', 'scope/', { name: KEY_SCOPE, display_name: 'By security key', ...BY_KEY });
    return {
      origin,
      log: () => daemon.log(),
      close,
      addUser: (username, password) => administer('POST', 'user/', { username, password, scope: [PROFILE_SCOPE, KEY_SCOPE], enabled: true }),
      requireForProfile: (what) =>
        administer('PUT', `scope/${PROFILE_SCOPE}`, { display_name: 'Profile', ...(what === 'key' ? BY_KEY : BY_PASSWORD) }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Source: Glewlwyd's WEBAUTHN.md, with the names that its administration page sends. */
function schemeFor(origin: string, rootFile: string): object {
  return {
    module: 'webauthn',
    name: KEY_SCHEME,
    display_name: 'Security key',
    expiration: 600,
    max_use: 0,
    allow_user_register: true,
    parameters: {
      'challenge-length': 64,
      'rp-origin': origin,
      'credential-expiration': 120,
      'credential-assertion': 120,
      'pubKey-cred-params': [-7, -35, -36],
      'session-mandatory': false,
      seed: 'for the credentials of people who do not exist',
      fmt: { packed: true, none: false, 'fido-u2f': false, 'android-safetynet': false, apple: false },
      'force-fmt-none': false,
      'root-ca-list': [rootFile],
    },
  };
}

async function signInAdministrator(origin: string): Promise<Administer> {
  const headers = { 'content-type': 'application/json' };
  const signedIn = await fetch(`${origin}/api/auth/`, { method: 'POST', headers, body: JSON.stringify(ADMINISTRATOR) });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  return async (method, call, body) => {
    const response = await fetch(`${origin}/api/${call}`, { method, headers: { ...headers, cookie }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${call}: ${response.status.toString()} ${await response.text()}`);
  };
}

/** It cannot choose a port by itself. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
