/** Tags of the folders that the guest mounts from outside. */
export const SHARE = { system: 'system', packages: 'packages', stage: 'stage', results: 'results' } as const;

/** Where they are in the guest: under names of their own, because a checkout may lie where the guest has memory. */
export const GUEST_PACKAGES = '/run/packages';
export const GUEST_STAGE = '/run/stage';
export const GUEST_RESULTS = '/run/results';
/** The folder with Node, which another user may not reach under its own name. */
export const GUEST_NODE_FOLDER = '/run/node';

/**
 * The kernel modules that the guest loads, each after those that it needs (`modinfo -F depends`): there is no depmod.
 * Source of the selection: Debian's configuration of Linux 6.1, in which HID and uhid are modules and hidraw is not.
 */
export const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'netfs',
  'fscache',
  '9pnet',
  '9pnet_virtio',
  '9p',
  'hid',
  'uhid',
  'hid-generic',
] as const;

/** Programs and files as the guest sees them. */
export interface InitOptions {
  /** The folder outside that has Node's program. */
  readonly nodeFolder: string;
  /** Script, in the stage, and its arguments. */
  readonly command: readonly string[];
  readonly libraryPath: string;
  readonly path: string;
  readonly pythonPath: string;
}

/**
 * The guest's first process. The outer system is its root, readable only, with memory laid over what has to be written;
 * it ends, and the machine with it, when the command does. `exit` in the results is the command's exit code.
 */
export function initScript({ nodeFolder, command, libraryPath, path, pythonPath }: InitOptions): string {
  const options = 'trans=virtio,version=9p2000.L,msize=524288';
  return `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
for module in ${MODULES.join(' ')}; do $b insmod /modules/$module.ko || echo "cannot load $module"; done
$b mount -t 9p -o ${options},ro,cache=loose ${SHARE.system} /system || $b poweroff -f
$b mount -t devtmpfs dev /system/dev
$b mount -t proc proc /system/proc
$b mount -t sysfs sys /system/sys
$b mount -t tmpfs tmpfs /system/run
$b mkdir -p /system${GUEST_PACKAGES} /system${GUEST_STAGE} /system${GUEST_RESULTS} /system${GUEST_NODE_FOLDER} /system/dev/shm /system/dev/pts
$b mount -o bind '/system${nodeFolder}' /system${GUEST_NODE_FOLDER}
for folder in tmp root; do $b mount -t tmpfs tmpfs /system/$folder; done
$b chmod 1777 /system/tmp
$b mount -t devpts devpts /system/dev/pts
$b mount -t 9p -o ${options},ro,cache=loose ${SHARE.packages} /system${GUEST_PACKAGES}
$b mount -t 9p -o ${options},ro,cache=loose ${SHARE.stage} /system${GUEST_STAGE}
$b mount -t 9p -o ${options} ${SHARE.results} /system${GUEST_RESULTS}
$b ip link set lo up
$b env -i HOME=/root PATH='${GUEST_NODE_FOLDER}:${path}' LD_LIBRARY_PATH='${libraryPath}' PYTHONPATH='${pythonPath}' PYTHONDONTWRITEBYTECODE=1 \\
  $b chroot /system ${command.map((word) => `'${word}'`).join(' ')} < /system/dev/null > /system${GUEST_RESULTS}/output 2>&1
echo $? > /system${GUEST_RESULTS}/exit
$b sync
$b poweroff -f
`;
}
