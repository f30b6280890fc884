import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const cache = path.join(root, 'node_modules/.cache/keystile-vm');

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

/** Debian's packages; the kernel's own name has its version in it, and follows from `linux-image-amd64`. */
const PACKAGES = ['qemu-system-x86', 'busybox-static', 'fido2-tools', 'python3-fido2'] as const;
const LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu', 'usr/lib', 'lib'] as const;
const FIRMWARE = ['usr/share/qemu', 'usr/share/seabios'] as const;

/**
 * Unpacks the packages, and those that they need and the system has not, beside the tests. Nothing is installed: a kernel
 * has no business on the machine that only tests with it. Of the kernel's package most is left out.
 */
const FETCH = `
set -e
cd "$1"; shift
[ ! -e ready ] || exit 0
rm -rf packages unpacked; mkdir packages unpacked; cd packages
fetch() {
  kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \\(linux-image-[0-9].*\\)$/\\1/p' | head -n 1)
  [ -n "$kernel" ] || return 1
  needed=$(apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \\([^ ]*\\).*$/\\1/p')
  apt-get download -qq "$kernel" $(printf '%s\\n' "$@" $needed | sort -u)
}
fetch "$@" || { apt-get update -qq; fetch "$@"; }
for package in *.deb; do
  case "$package" in
    linux-image-*) dpkg-deb --fsys-tarfile "$package" | tar -x -C ../unpacked --wildcards '*/boot/vmlinuz-*' \\
      '*/kernel/drivers/virtio/*' '*/kernel/drivers/hid/*' '*/kernel/fs/9p/*' '*/kernel/net/9p/*' '*/kernel/fs/netfs/*' '*/kernel/fs/fscache/*' ;;
    *) dpkg-deb -x "$package" ../unpacked ;;
  esac
done
cd ..; rm -rf packages; touch ready
`;

/** Finds the files, fetching them where that is possible. A text says what is missing. */
export function findGuestFiles(): GuestFiles | string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the guest runs on Linux on x86-64 only';
  for (const tool of ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', '/usr/bin/flock']) {
    if (!existsSync(tool)) return `the guest is made of Debian's packages, and ${tool} is missing`;
  }
  mkdirSync(cache, { recursive: true });
  try {
    // Tests and measurements may want them at the same time.
    execFileSync('flock', [path.join(cache, 'lock'), 'sh', '-c', FETCH, 'sh', cache, ...PACKAGES], { stdio: 'pipe' });
  } catch (error) {
    return `the packages ${PACKAGES.join(', ')} and linux-image-amd64 could not be fetched: ${error instanceof Error ? error.message : String(error)}`;
  }
  return collect(path.join(cache, 'unpacked'));
}

/** What LD_LIBRARY_PATH has to say for the programs of packages that are unpacked in a folder. */
export function libraryPathBelow(unpacked: string): string {
  return LIBRARIES.map((folder) => path.join(unpacked, folder)).join(':');
}

function collect(unpacked: string): GuestFiles | string {
  const missing: string[] = [];
  const locate = (name: string): string => {
    const found = [path.join(unpacked, name), path.join('/', name)].find((file) => existsSync(file));
    if (found === undefined) missing.push(name);
    return found ?? '';
  };
  const folderOf = (name: string, begin: string): string => {
    const folder = path.join(unpacked, name);
    const entry = existsSync(folder) ? readdirSync(folder).find((candidate) => candidate.startsWith(begin)) : undefined;
    if (entry === undefined) missing.push(`${name}/${begin}*`);
    return path.join(folder, entry ?? '');
  };
  const files: GuestFiles = {
    unpacked,
    qemu: locate('usr/bin/qemu-system-x86_64'),
    firmware: FIRMWARE.map(locate),
    kernel: folderOf('boot', 'vmlinuz-'),
    modules: path.join(folderOf('lib/modules', ''), 'kernel'),
    busybox: locate('bin/busybox'),
  };
  for (const program of ['usr/bin/fido2-token', 'usr/lib/python3/dist-packages/fido2']) locate(program);
  return missing.length === 0 ? files : `the unpacked packages do not hold ${missing.join(', ')}`;
}
