import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { type FileError, type Files, Platform, type RunResult, type System } from './system.ts';

/** Milliseconds that a system tool (`reg.exe`, `plutil`) may take. */
const RUN_DEADLINE = 10_000;

/** The machine that this process runs on. */
export function createNodeSystem(): System {
  return {
    platform: currentPlatform(),
    release: os.release(),
    nodeVersion: process.versions.node,
    home: os.homedir(),
    temporaryFolder: os.tmpdir(),
    env: process.env,
    path,
    files: createNodeFiles(),
    run,
  };
}

function currentPlatform(): Platform {
  if (process.platform === 'win32') return Platform.windows;
  return process.platform === 'darwin' ? Platform.macos : Platform.linux;
}

/** Files of this machine. */
export function createNodeFiles(): Files {
  return {
    async kind(file) {
      const stats = await settle(file, stat(file));
      if (!stats.ok) return undefined;
      if (stats.value.isFile()) return 'file';
      return stats.value.isDirectory() ? 'folder' : 'other';
    },

    read: (file, limit) => settle(file, readUpTo(file, limit)),

    async list(folder) {
      const names = await settle(folder, readdir(folder));
      return names.ok ? names.value.sort() : [];
    },

    async isAllowed(file, use) {
      const mode = use === 'execute' ? constants.X_OK : constants.R_OK | constants.W_OK;
      return (await settle(file, access(file, mode))).ok;
    },

    write: (file, content, mode) => settle(file, replaceFile(file, content, mode)),

    remove: (file) => settle(file, rm(file, { force: true })),

    async removeEmptyFolder(folder) {
      // Not empty, in use, or not there: in each case it stays as it is, which is what is wanted.
      await settle(folder, rmdir(folder));
    },
  };
}

async function readUpTo(file: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file, 'r');
  try {
    const buffer = new Uint8Array(limit + 1);
    let length = 0;
    // Files of sysfs tell no true size: read until nothing more comes.
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (length > limit) throw new Error(`The file is longer than ${limit.toString()} bytes.`);
      if (bytesRead === 0) return buffer.slice(0, length);
    }
  } finally {
    await handle.close();
  }
}

async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, content, { mode, flag: 'wx' });
    // The process's umask may have taken bits away.
    await chmod(draft, mode);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function settle<Value>(file: string, work: Promise<Value>): Promise<Result<Value, FileError>> {
  try {
    return success(await work);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return failure({
      kind: 'file',
      problem: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : isDenial(code) ? 'denied' : 'failed',
      path: file,
      detail: error instanceof Error ? error.message : String(error),
    });
  }
}

function isDenial(code: string | undefined): boolean {
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
}

function run(command: string, args: readonly string[]): Promise<RunResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { timeout: RUN_DEADLINE, killSignal: 'SIGKILL', windowsHide: true, maxBuffer: 4 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve({ started: true, exitCode: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ started: true, exitCode: error.code, stdout, stderr });
        else resolve({ started: false, detail: error.message });
      },
    );
  });
}
