import type { PlatformPath } from 'node:path';

import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { Result } from '../../shared/bytes/result.ts';

/** Operating systems that are told apart here; every other Unix counts as Linux. */
export const Platform = { linux: 'linux', macos: 'macos', windows: 'windows' } as const;
export type Platform = (typeof Platform)[keyof typeof Platform];

/** Why a file could not be read, written or removed. `detail` is the operating system's own text. */
export interface FileError {
  readonly kind: 'file';
  readonly problem: 'missing' | 'denied' | 'failed';
  readonly path: string;
  readonly detail: string;
}

/** What came of a program that was started. */
export type RunResult =
  | { readonly started: true; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly started: false; readonly detail: string };

/** Files as the installer and the doctor need them. Nothing here throws for a state that a file system can be in. */
export interface Files {
  /** What is there, links followed; `undefined` when nothing is. */
  kind(path: string): Promise<'file' | 'folder' | 'other' | undefined>;
  /** The whole content; `failed` when it is longer than `limit` bytes. */
  read(path: string, limit: number): Promise<Result<Bytes, FileError>>;
  /** Names in a folder, sorted; empty when there is no such folder or it may not be listed. */
  list(folder: string): Promise<readonly string[]>;
  /** Whether this process may use the file so (access(2), where the system has it). */
  isAllowed(path: string, use: 'readWrite' | 'execute'): Promise<boolean>;
  /** Writes the whole file at once: readers see the old content or the new. Creates the folders. `mode`: permission bits. */
  write(path: string, content: string, mode: number): Promise<Result<void, FileError>>;
  /** Removes a file; nothing there is fine. */
  remove(path: string): Promise<Result<void, FileError>>;
  /** Removes a folder if it is empty; anything else is left as it is. */
  removeEmptyFolder(folder: string): Promise<void>;
}

/** Everything about the machine that registration and the doctor depend on, so that each system can be tested on any. */
export interface System {
  readonly platform: Platform;
  /** Version of the kernel or build: `os.release()`. */
  readonly release: string;
  /** Version of Node without the `v`. */
  readonly nodeVersion: string;
  readonly home: string;
  readonly temporaryFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path functions of the platform. */
  readonly path: PlatformPath;
  readonly files: Files;
  /** Runs a program to its end, without a shell; ended after 10 seconds. Never throws. */
  run(command: string, args: readonly string[]): Promise<RunResult>;
}
