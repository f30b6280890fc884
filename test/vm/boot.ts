import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { encodeUtf8 } from '../../shared/bytes/bytes.ts';
import { libraryPathBelow } from '../support/debian-packages.ts';
import { type CpioEntry, encodeCpio } from './cpio.ts';
import { GUEST_PACKAGES, initScript, MODULES, SHARE } from './init-script.ts';
import type { GuestFiles } from './packages.ts';

/** What a guest is to do. Folders are absolute paths outside. */
export interface GuestOptions {
  readonly files: GuestFiles;
  /** Read only in the guest. */
  readonly stage: string;
  /** Writable in the guest; `console`, `output` and `exit` are put there too. */
  readonly results: string;
  /** Program and arguments with paths of the guest. */
  readonly command: readonly string[];
  /** Milliseconds from power-on to power-off. */
  readonly timeout: number;
}

const MEMORY = '1536M';

/**
 * Boots a guest and waits for its end. It has two processors, all emulated (KVM is not everywhere), no network and no disk:
 * its root is this system's, read only.
 *
 * @returns why it did not get to its end; `undefined` when the command ended by itself, however.
 */
export async function bootGuest(options: GuestOptions): Promise<string | undefined> {
  const { files, stage, results, timeout } = options;
  const image = path.join(results, 'initramfs');
  writeFileSync(image, firstFileSystem(options));
  const share = (tag: string, folder: string, readOnly: boolean): string[] => [
    '-virtfs',
    `local,path=${folder},mount_tag=${tag},security_model=none,multidevs=remap${readOnly ? ',readonly=on' : ''}`,
  ];
  const child = spawn(
    files.qemu,
    [
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-nic', 'none'],
      ...['-machine', 'pc', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max', '-smp', '2', '-m', MEMORY],
      ...files.firmware.flatMap((folder) => ['-L', folder]),
      ...['-kernel', files.kernel, '-initrd', image, '-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
      ...['-serial', `file:${path.join(results, 'console')}`],
      ...share(SHARE.system, '/', true),
      ...share(SHARE.packages, files.unpacked, true),
      ...share(SHARE.stage, stage, true),
      ...share(SHARE.results, results, false),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LD_LIBRARY_PATH: libraryPathBelow(files.unpacked) } },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return await new Promise<string | undefined>((resolve) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve(`QEMU could not be started: ${error.message}`);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (late) resolve(`The guest did not end in ${timeout.toString()} ms.`);
      else resolve(code === 0 ? undefined : `QEMU ended with ${String(code)}: ${errors.trim()}`);
    });
  });
}

function firstFileSystem({ files, command }: GuestOptions): Uint8Array {
  const init = initScript({
    nodeFolder: path.dirname(process.execPath),
    command,
    libraryPath: libraryPathBelow(GUEST_PACKAGES),
    path: `${path.join(GUEST_PACKAGES, 'usr/bin')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    pythonPath: path.join(GUEST_PACKAGES, 'usr/lib/python3/dist-packages'),
  });
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'modules', 'proc', 'system'].map((name) => ({ name, kind: 'folder' }) as const),
    { name: 'init', kind: 'file', data: encodeUtf8(init), executable: true },
    { name: 'bin/busybox', kind: 'file', data: readFileSync(files.busybox), executable: true },
  ];
  const modules = modulesBelow(files.modules);
  for (const name of MODULES) {
    const file = modules.get(`${name}.ko`);
    if (file === undefined) throw new Error(`The kernel's package has no module ${name}.`);
    entries.push({ name: `modules/${name}.ko`, kind: 'file', data: readFileSync(file) });
  }
  return encodeCpio(entries);
}

function modulesBelow(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(names.map((name) => [path.basename(name), path.join(folder, name)]));
}
