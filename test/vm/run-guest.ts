import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { bootGuest } from './boot.ts';
import { GUEST_NODE_FOLDER, GUEST_STAGE } from './init-script.ts';
import { findGuestFiles } from './packages.ts';
import { fillStage, type GuestProgram } from './stage.ts';

/** What a guest left. */
export interface GuestRun {
  /** Why the program did not get to a good end; absent when it did. */
  readonly problem?: string;
  /** The JSON that the program wrote; absent when it wrote none. */
  readonly written?: unknown;
}

/** Milliseconds for a whole run, on a machine that has much else to do. */
const TIMEOUT = 900_000;

/**
 * Boots a guest, runs one of its programs and gives what it wrote.
 *
 * @param resultName the file that the program writes.
 * @returns a text that says why there can be no guest on this machine.
 */
export async function runGuest(program: GuestProgram, resultName: string): Promise<GuestRun | string> {
  const files = findGuestFiles();
  if (typeof files === 'string') return files;
  const folder = mkdtempSync(path.join(tmpdir(), 'keystile-vm-'));
  const stage = path.join(folder, 'stage');
  const results = path.join(folder, 'results');
  mkdirSync(stage);
  mkdirSync(results);
  try {
    await fillStage(stage);
    const command = [
      `${GUEST_NODE_FOLDER}/${path.basename(process.execPath)}`,
      '--enable-source-maps',
      `${GUEST_STAGE}/guest/${program}.mjs`,
    ];
    const failure = await bootGuest({ files, stage, results, command, timeout: TIMEOUT });
    const read = (name: string): string => {
      const file = path.join(results, name);
      return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    };
    const written = read(resultName);
    const problem = failure ?? (read('exit') === '0' ? undefined : `The program ended with ${read('exit')}.`);
    return {
      ...(problem === undefined ? {} : { problem: [problem, read('output'), read('console')].join('\n') }),
      ...(written === '' ? {} : { written: JSON.parse(written) as unknown }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
