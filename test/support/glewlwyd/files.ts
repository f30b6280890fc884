import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { unpackPackages, type UnpackedPackages } from '../debian-packages.ts';

/** The packages, and the programs in them. Paths are absolute. */
export interface GlewlwydPackages {
  readonly packages: UnpackedPackages;
  readonly daemon: string;
  readonly sqlite: string;
}

/** Scripts and styles of its pages are links into other packages, which the system may have already: these are named. */
const PACKAGES = ['glewlwyd', 'dbconfig-no-thanks', 'libjs-jquery', 'libjs-popper.js', 'libjs-bootstrap4', 'fonts-fork-awesome'] as const;

const SHARE = 'usr/share/glewlwyd';
const MODULES = 'usr/lib/glewlwyd';
const DATABASE = 'usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';

/** Finds the packages, fetching them where that is possible. A text says why there are none. */
export function findGlewlwyd(): GlewlwydPackages | string {
  const packages = unpackPackages({ name: 'keystile-glewlwyd', packages: PACKAGES });
  if (typeof packages === 'string') return packages;
  const [daemon, sqlite] = [packages.locate('usr/bin/glewlwyd'), packages.locate('usr/bin/sqlite3')];
  if (daemon === undefined || sqlite === undefined) return 'the packages of Glewlwyd do not hold what was expected';
  return { packages, daemon, sqlite };
}

/**
 * Fills a folder with what a server of its own needs: settings, a new database as Debian's package makes it, and its pages.
 *
 * @param schemeName of the scheme by which its pages let people sign in without password.
 * @returns path of the settings.
 */
export function writeGlewlwyd({ packages, sqlite }: GlewlwydPackages, folder: string, origin: string, schemeName: string): string {
  const database = path.join(folder, 'glewlwyd.db');
  execFileSync(sqlite, [database], { input: readFileSync(path.join(packages.folder, DATABASE)), env: { ...process.env, LD_LIBRARY_PATH: packages.libraryPath } });
  const pages = path.join(folder, 'pages');
  const installed = path.join(packages.folder, SHARE, 'webapp');
  // A link to a file that the package's installation would write.
  cpSync(installed, pages, { recursive: true, dereference: true, filter: (source) => source !== path.join(installed, 'config.json') });
  const template = JSON.parse(readFileSync(path.join(packages.folder, SHARE, 'templates/config.json'), 'utf8')) as object;
  const sessionSchemes = [{ scheme_type: 'webauthn', scheme_name: schemeName, scheme_display_name: 'login.webauthn-title' }];
  writeFileSync(path.join(pages, 'config.json'), JSON.stringify({ ...template, sessionSchemes }));
  // It wants a folder for every kind of module; the package has none for this one.
  mkdirSync(path.join(folder, 'user_middleware'));
  const settings = path.join(folder, 'glewlwyd.conf');
  writeFileSync(settings, settingsOf({ origin, pages, database, modules: path.join(packages.folder, MODULES), noModules: path.join(folder, 'user_middleware') }));
  return settings;
}

interface Places {
  readonly origin: string;
  readonly pages: string;
  readonly database: string;
  readonly modules: string;
  readonly noModules: string;
}

/** Source: Glewlwyd's own glewlwyd.conf.sample. */
function settingsOf({ origin, pages, database, modules, noModules }: Places): string {
  const types = { html: 'text/html', css: 'text/css', js: 'application/javascript', json: 'application/json', png: 'image/png', woff2: 'font/woff2', ico: 'image/x-icon' };
  const settings = {
    port: Number(new URL(origin).port),
    bind_address: '127.0.0.1',
    external_url: origin,
    login_url: 'login.html',
    api_prefix: 'api',
    static_files_path: pages,
    cookie_domain: 'localhost',
    cookie_secure: false,
    session_key: 'GLEWLWYD2_SESSION_ID',
    log_mode: 'console',
    log_level: 'INFO',
    admin_scope: 'g_admin',
    profile_scope: 'g_profile',
    user_module_path: `${modules}/user`,
    user_middleware_module_path: noModules,
    client_module_path: `${modules}/client`,
    user_auth_scheme_module_path: `${modules}/scheme`,
    plugin_module_path: `${modules}/plugin`,
    hash_algorithm: 'SHA512',
  };
  // libconfig's notation of texts, numbers and truth values is JSON's.
  return [
    ...Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)};`),
    `database = { type = "sqlite3"; path = ${JSON.stringify(database)}; };`,
    `static_files_mime_types = (${Object.entries(types).map(([extension, type]) => `{ extension = ".${extension}"; mime_type = "${type}"; compress = 0; }`).join(', ')});`,
    '',
  ].join('\n');
}
