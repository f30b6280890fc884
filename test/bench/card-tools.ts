import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

// The virtual key may live in this very process: nothing here may hold it up.
const start = promisify(execFile);

const root = path.resolve(import.meta.dirname, '../..');
const cache = path.join(root, 'node_modules/.cache/keystile-card-tools');

/** Debian's own: the packages are for it, whatever other Python the system has. */
const PYTHON = '/usr/bin/python3';

/** Milliseconds for one run. */
const TIME_LIMIT = 20_000;

/** Unpacks what is missing beside the measurements, as `test/vm/packages.ts` does. */
const FETCH = `
set -e
cd "$1"
[ ! -e ready ] || exit 0
needed=$(apt-get install --simulate --no-install-recommends python3-fido2 python3-pyscard | sed -n 's/^Inst \\([^ ]*\\).*$/\\1/p')
[ -z "$needed" ] || apt-get download -qq $needed || { apt-get update -qq; apt-get download -qq $needed; }
for package in *.deb; do [ ! -e "$package" ] || dpkg-deb -x "$package" .; done
touch ready
`;

/** Another client for keys on readers. */
export interface CardTool {
  /** Runs `assert_card.py` with these arguments and gives what it printed. Rejects when it fails. */
  run(args: readonly string[]): Promise<string>;
}

/** Finds python3-fido2 with its way to PC/SC, fetching it where that is possible. A text says why there is none. */
export async function findCardTool(): Promise<CardTool | string> {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get') || !existsSync(PYTHON)) {
    return 'python3-fido2 for comparison is taken from Debian';
  }
  mkdirSync(cache, { recursive: true });
  try {
    await start('flock', [path.join(cache, 'lock'), 'sh', '-c', FETCH, 'sh', cache]);
    const tool: CardTool = {
      async run(args) {
        const env = { ...process.env, PYTHONPATH: path.join(cache, 'usr/lib/python3/dist-packages') };
        return (await start(PYTHON, [path.join(import.meta.dirname, 'assert_card.py'), ...args], { env, timeout: TIME_LIMIT })).stdout;
      },
    };
    await tool.run([]);
    return tool;
  } catch (error) {
    return `python3-fido2 cannot be used for comparison: ${error instanceof Error ? error.message : String(error)}`;
  }
}
