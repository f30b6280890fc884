import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** What to unpack. */
export interface PackageSet {
  /** Name of the folder in the cache. */
  readonly name: string;
  readonly packages: readonly string[];
  /** A package that stands for one with a version in its name, and what to unpack of that one: patterns of tar. */
  readonly versioned?: { readonly standIn: string; readonly parts: readonly string[] };
}

/** Debian's packages, unpacked beside the tests. */
export interface UnpackedPackages {
  /** Absolute path; the folder stands for the root of the file system. */
  readonly folder: string;
  /** Absolute path of a file of the packages, or else of the system; undefined where neither has it. */
  locate(name: string): string | undefined;
  /** What LD_LIBRARY_PATH has to say for their programs. */
  readonly libraryPath: string;
}

const LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu', 'usr/lib', 'lib'] as const;

/** Arguments: the folder, the package that stands for another or nothing, how many parts of that one, these parts, packages. */
const FETCH = `
set -e
cd "$1"; stand_in=$2; count=$3; shift 3
[ ! -e ready ] || exit 0
: > parts
while [ "$count" -gt 0 ]; do printf '%s\\n' "$1" >> parts; shift; count=$((count - 1)); done
rm -rf packages unpacked; mkdir packages unpacked; cd packages
fetch() {
  versioned=
  if [ -n "$stand_in" ]; then
    versioned=$(apt-cache depends "$stand_in" | sed -n 's/^ *Depends: \\([^ <]*\\)$/\\1/p' | head -n 1)
    [ -n "$versioned" ] || return 1
  fi
  needed=$(apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \\([^ ]*\\).*$/\\1/p')
  apt-get download -qq $versioned $(printf '%s\\n' "$@" $needed | sort -u)
}
fetch "$@" || { apt-get update -qq; fetch "$@"; }
for package in *.deb; do
  case "$package" in
    "\${versioned:-/}"_*) dpkg-deb --fsys-tarfile "$package" | tar -x -C ../unpacked --wildcards --files-from ../parts ;;
    *) dpkg-deb -x "$package" ../unpacked ;;
  esac
done
cd ..; rm -rf packages parts; touch ready
`;

/**
 * Unpacks packages, and those that they need and the system has not, below `node_modules/.cache`, once. Nothing is
 * installed and no service starts; a user without root's rights can do that too, where there are package lists.
 *
 * @returns a text that says why there are none.
 */
export function unpackPackages({ name, packages, versioned }: PackageSet): UnpackedPackages | string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'Debian’s packages are used on Linux on x86-64 only';
  for (const tool of ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', '/usr/bin/flock']) {
    if (!existsSync(tool)) return `Debian’s packages are needed, and ${tool} is missing`;
  }
  const cache = path.join(root, 'node_modules/.cache', name);
  mkdirSync(cache, { recursive: true });
  const parts = versioned?.parts ?? [];
  const fetchArguments = [cache, versioned?.standIn ?? '', parts.length.toString(), ...parts, ...packages];
  try {
    // Tests and measurements may want them at the same time.
    execFileSync('flock', [path.join(cache, 'lock'), 'sh', '-c', FETCH, 'sh', ...fetchArguments], { stdio: 'pipe' });
  } catch (error) {
    const names = [...packages, ...(versioned === undefined ? [] : [versioned.standIn])].join(', ');
    return `the packages ${names} could not be fetched: ${error instanceof Error ? error.message : String(error)}`;
  }
  const folder = path.join(cache, 'unpacked');
  return {
    folder,
    locate: (file) => [path.join(folder, file), path.join('/', file)].find((candidate) => existsSync(candidate)),
    libraryPath: libraryPathBelow(folder),
  };
}

/** What LD_LIBRARY_PATH has to say for the programs of packages that are unpacked in a folder. */
export function libraryPathBelow(folder: string): string {
  return LIBRARIES.map((library) => path.join(folder, library)).join(':');
}
