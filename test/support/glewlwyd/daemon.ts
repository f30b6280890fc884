import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { until } from '../until.ts';

/** A running Glewlwyd. */
export interface Daemon {
  /** What it has written so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts the server and waits until it answers. Rejects with what it wrote when it ends before that. */
export async function startDaemon(program: string, settings: string, libraryPath: string, origin: string): Promise<Daemon> {
  const child = spawn(program, ['--config-file', settings], {
    env: { ...process.env, LD_LIBRARY_PATH: libraryPath },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const ended = once(child, 'close');
  ended.catch(() => undefined);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await until({ within: 30_000, every: 50 }, 'Glewlwyd answers', async () => {
      if (child.exitCode !== null) throw new Error(`Glewlwyd ended with ${child.exitCode.toString()}.`);
      const response = await fetch(`${origin}/config`).catch(() => undefined);
      return response?.ok === true ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw new Error(`Glewlwyd did not start: ${written}`, { cause: error });
  }
  return { log: () => written, stop };
}
