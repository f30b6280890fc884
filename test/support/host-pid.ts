import { readdir, readFile } from 'node:fs/promises';

import type { KeystileBrowser } from './keystile-browser.ts';

/** Process ids of the hosts that this browser has started and that live: by their command line and their parent's. Linux only. */
export async function hostPids({ userDataDir }: KeystileBrowser): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of pids) {
    const command = await read(`/proc/${pid}/cmdline`);
    if (!command.includes('dist/host/main.cjs') || !command.includes('chrome-extension://')) continue;
    const parent = /^PPid:\t(\d+)$/m.exec(await read(`/proc/${pid}/status`))?.[1] ?? '';
    if ((await read(`/proc/${parent}/cmdline`)).includes(userDataDir)) found.push(Number(pid));
  }
  return found;
}

/** A process may end between being listed and being read. */
async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
