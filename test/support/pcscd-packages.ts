import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const cache = path.join(root, 'node_modules/.cache/keystile-pcscd');

/** The service and the driver of the virtual readers. */
export interface PcscdFiles {
  readonly pcscd: string;
  readonly driver: string;
}

const PCSCD = 'usr/sbin/pcscd';
const DRIVER = 'usr/lib/pcsc/drivers/serial/libifdvpcd.so';

/**
 * Unpacks Debian's packages beside the tests instead of installing them: an installed service would start by itself,
 * with virtual readers that listen on every interface. What the two need to run is installed where it is missing.
 */
const FETCH = `
set -e
cd "$1"
[ ! -e ready ] || exit 0
apt-get download -qq pcscd vsmartcard-vpcd || { apt-get update -qq; apt-get download -qq pcscd vsmartcard-vpcd; }
for package in *.deb; do dpkg -x "$package" .; done
if ! command -v ip > /dev/null || ldd ${PCSCD} ${DRIVER} | grep -q 'not found'; then
  apt-get install -y -qq --no-install-recommends libpcsclite1 libqrencode4 libusb-1.0-0 iproute2
fi
touch ready
`;

/** Finds the files, fetching them where that is possible. A text says why there are none. */
export function findPcscd(): PcscdFiles | string {
  const installed = filesBelow('/');
  if (installed !== undefined) return installed;
  if (process.platform !== 'linux') return 'pcscd with virtual readers runs on Linux only';
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    return 'pcscd and vsmartcard-vpcd are not installed (Debian, Ubuntu: sudo apt-get install pcscd vsmartcard-vpcd)';
  }
  mkdirSync(cache, { recursive: true });
  try {
    // Several test files may want them at the same time.
    execFileSync('flock', [path.join(cache, 'lock'), 'sh', '-c', FETCH, 'sh', cache], { stdio: 'pipe' });
  } catch (error) {
    return `pcscd could not be fetched: ${error instanceof Error ? error.message : String(error)}`;
  }
  return filesBelow(cache) ?? 'the packages of pcscd do not hold what was expected';
}

function filesBelow(folder: string): PcscdFiles | undefined {
  const files = { pcscd: path.join(folder, PCSCD), driver: path.join(folder, DRIVER) };
  return existsSync(files.pcscd) && existsSync(files.driver) ? files : undefined;
}
