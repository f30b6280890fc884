import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { unpackPackages, type UnpackedPackages } from '../support/debian-packages.ts';

/** What a guest is made of. Paths are absolute. */
export interface GuestFiles {
  /** Where the packages are unpacked: programs and libraries that the system itself may not have. */
  readonly unpacked: string;
  readonly qemu: string;
  /** Folders with the firmware that QEMU loads. */
  readonly firmware: readonly string[];
  readonly kernel: string;
  /** The folder with the kernel's modules. */
  readonly modules: string;
  readonly busybox: string;
}

const PACKAGES = ['qemu-system-x86', 'busybox-static', 'fido2-tools', 'python3-fido2'] as const;
const FIRMWARE = ['usr/share/qemu', 'usr/share/seabios'] as const;

/** Of the kernel's package most is left out. */
const KERNEL_PARTS = [
  '*/boot/vmlinuz-*',
  '*/kernel/drivers/virtio/*',
  '*/kernel/drivers/hid/*',
  '*/kernel/fs/9p/*',
  '*/kernel/net/9p/*',
  '*/kernel/fs/netfs/*',
  '*/kernel/fs/fscache/*',
];

/**
 * Finds the files, fetching them where that is possible; a kernel has no business on the machine that only tests with it.
 * A text says what is missing.
 */
export function findGuestFiles(): GuestFiles | string {
  const packages = unpackPackages({
    name: 'keystile-vm',
    packages: PACKAGES,
    versioned: { standIn: 'linux-image-amd64', parts: KERNEL_PARTS },
  });
  return typeof packages === 'string' ? packages : collect(packages);
}

function collect(packages: UnpackedPackages): GuestFiles | string {
  const missing: string[] = [];
  const locate = (name: string): string => {
    const found = packages.locate(name);
    if (found === undefined) missing.push(name);
    return found ?? '';
  };
  const folderOf = (name: string, begin: string): string => {
    const folder = path.join(packages.folder, name);
    const entry = existsSync(folder) ? readdirSync(folder).find((candidate) => candidate.startsWith(begin)) : undefined;
    if (entry === undefined) missing.push(`${name}/${begin}*`);
    return path.join(folder, entry ?? '');
  };
  const files: GuestFiles = {
    unpacked: packages.folder,
    qemu: locate('usr/bin/qemu-system-x86_64'),
    firmware: FIRMWARE.map(locate),
    kernel: folderOf('boot', 'vmlinuz-'),
    modules: path.join(folderOf('lib/modules', ''), 'kernel'),
    busybox: locate('bin/busybox'),
  };
  for (const program of ['usr/bin/fido2-token', 'usr/lib/python3/dist-packages/fido2']) locate(program);
  return missing.length === 0 ? files : `the unpacked packages do not hold ${missing.join(', ')}`;
}
