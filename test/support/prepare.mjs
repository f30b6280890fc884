// Plain JavaScript without packages: it runs before they are installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** Runs a program with its output on ours (or on standard error, for callers whose output is for machines). */
export function run(command, args, { quiet = false } = {}) {
  const stdio = quiet ? ['ignore', process.stderr, 'inherit'] : ['ignore', 'inherit', 'inherit'];
  const { status, error } = spawnSync(command, args, { cwd: root, stdio });
  if (error) throw new Error(`${command} could not be started: ${error.message}`);
  return status ?? 1;
}

/** Ends the program with a sentence that says what to do. */
function stop(message) {
  console.error(message);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(`Keystile needs Node.js 20.19 or newer; this is ${process.versions.node}. Install a newer one and try again.`);
}

/** True when the installed packages are those of the lock file. */
function packagesAreCurrent() {
  const installed = path.join(root, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(path.join(root, 'package-lock.json')).mtimeMs;
}

function installPackages(quiet) {
  if (packagesAreCurrent()) return;
  console.error('Installing the npm packages (npm ci)...');
  if (run('npm', ['ci', '--no-audit', '--no-fund'], { quiet }) !== 0) {
    stop('npm ci failed (see above). Mend that and try again.');
  }
}

const CHROMIUM_PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/microsoft-edge'];

/** An installed browser of the Chromium family, or undefined. */
export function findChromium() {
  return [process.env.KEYSTILE_CHROMIUM, ...CHROMIUM_PLACES].find((file) => file !== undefined && existsSync(file));
}

function isDebian() {
  return existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

/** Needs root on Debian. Returns whether it worked. */
function installFromDebian(packages, quiet) {
  console.error(`Installing Debian's ${packages.join(' ')} (apt-get)...`);
  return (
    run('apt-get', ['update', '-qq'], { quiet }) === 0 &&
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { quiet }) === 0
  );
}

function installChromium(quiet) {
  if (findChromium() !== undefined) return;
  if (!isDebian() || process.getuid?.() !== 0) {
    stop(
      [
        'No Chromium found. Install it and try again:',
        isDebian() ? '  sudo apt-get install chromium' : '  with your package manager (package "chromium"), or Chrome or Edge,',
        'or name the program of an installed one: KEYSTILE_CHROMIUM=/path/to/browser',
      ].join('\n'),
    );
  }
  if (!installFromDebian(['chromium'], quiet)) stop('apt-get could not install chromium (see above). Install it by hand and try again.');
}

const FIREFOX_PLACES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** Without Firefox its tests skip, and say so: nothing ends here. */
function installFirefox(quiet) {
  if ([process.env.KEYSTILE_FIREFOX, ...FIREFOX_PLACES].some((file) => file !== undefined && existsSync(file))) return;
  if (!isDebian() || process.getuid?.() !== 0) {
    console.error('No Firefox found: its tests will be skipped. Install firefox-esr, or name a program by KEYSTILE_FIREFOX.');
    return;
  }
  if (!installFromDebian(['firefox-esr'], quiet)) console.error('apt-get could not install firefox-esr (see above): its tests will be skipped.');
}

/** What the host loads for USB keys and readers. Without them it says so and lives on: only tests of them insist. */
const HOST_LIBRARIES = ['libudev1', 'libusb-1.0-0', 'libpcsclite1'];

function installHostLibraries(quiet) {
  if (!isDebian() || process.getuid?.() !== 0) return;
  const missing = HOST_LIBRARIES.filter((name) => spawnSync('dpkg', ['--status', name], { stdio: 'ignore' }).status !== 0);
  if (missing.length === 0 || installFromDebian(missing, quiet)) return;
  console.error(`apt-get could not install ${missing.join(' ')} (see above): the host will find no keys on USB, or no readers.`);
}

/**
 * Brings in what a run needs: the right Node, the npm packages, the libraries that the host loads and, where asked, a browser (Chromium) and Firefox.
 * Installs what it may, and otherwise ends the program saying what to install.
 */
export function prepare({ browser = true, firefox = false, quiet = false } = {}) {
  checkNode();
  installPackages(quiet);
  installHostLibraries(quiet);
  if (browser) installChromium(quiet);
  if (firefox) installFirefox(quiet);
}

