import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** Import directions, proved by planting a bad import in a copy of the rules' surroundings. */
describe('import directions', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'keystile-imports-'));
    for (const file of ['dependency-cruiser.config.cjs', 'tsconfig.json', 'package.json']) {
      cpSync(path.join(root, file), path.join(folder, file));
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    const files = {
      'shared/bytes/bytes.ts': 'export const bytes = 1;',
      'shared/cbor/codec.ts': "import { bytes } from '../bytes/bytes.ts';\nexport const cbor = bytes;",
      'native-host/main.ts': "import { cbor } from '../shared/cbor/codec.ts';\nexport const host = cbor;",
      'extension/background/main.ts': "import { cbor } from '../../shared/cbor/codec.ts';\nexport const background = cbor;",
      'test/virtual-key/key.ts': "import { cbor } from '../../shared/cbor/codec.ts';\nexport const key = cbor;",
    };
    for (const [name, text] of Object.entries(files)) write(name, text);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, text: string): void {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }

  function cruise(): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
        ...['--config', 'dependency-cruiser.config.cjs', 'shared', 'native-host', 'extension', 'test'],
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    return { status, output: stdout + stderr };
  }

  test('the planted tree without a bad import passes', () => {
    expect(cruise()).toMatchObject({ status: 0 });
  });

  test.each([
    ['shared-bytes-is-below', 'shared/bytes/bad.ts', "import { cbor } from '../cbor/codec.ts';\nexport const bad = cbor;"],
    ['shared-is-pure', 'shared/cbor/bad.ts', "import { host } from '../../native-host/main.ts';\nexport const bad = host;"],
    ['shared-has-no-node', 'shared/cbor/bad.ts', "import { readFileSync } from 'node:fs';\nexport const bad = readFileSync;"],
    ['host-and-extension-are-apart', 'native-host/bad.ts', "import { background } from '../extension/background/main.ts';\nexport const bad = background;"],
    ['extension-and-host-are-apart', 'extension/background/bad.ts', "import { host } from '../../native-host/main.ts';\nexport const bad = host;"],
    ['node-hid-has-one-importer', 'native-host/bad.ts', "import { devices } from 'node-hid';\nexport const bad = devices;"],
    ['nfc-pcsc-has-one-importer', 'native-host/bad.ts', "import { NFC } from 'nfc-pcsc';\nexport const bad = NFC;"],
    ['page-is-small-and-alone', 'extension/page/bad.ts', "import { cbor } from '../../shared/cbor/codec.ts';\nexport const bad = cbor;"],
    ['virtual-key-shares-nothing-with-the-host', 'test/virtual-key/bad.ts', "import { host } from '../../native-host/main.ts';\nexport const bad = host;"],
    ['product-does-not-import-tests', 'native-host/bad.ts', "import { key } from '../test/virtual-key/key.ts';\nexport const bad = key;"],
  ])('%s is refused', (rule, file, text) => {
    write(file, text);
    const { status, output } = cruise();
    rmSync(path.join(folder, file));
    expect(output).toContain(rule);
    expect(status).not.toBe(0);
  });
});
