import { type Bytes, concatBytes, encodeUtf8 } from '../../shared/bytes/bytes.ts';

/** One thing in an archive. Names have no slash in front; a folder has to come before what is in it. */
export type CpioEntry =
  | { readonly name: string; readonly kind: 'folder' }
  | { readonly name: string; readonly kind: 'file'; readonly data: Uint8Array; readonly executable?: boolean };

const MAGIC = '070701';
const FOLDER_MODE = 0o040755;
const FILE_MODE = 0o100644;
const EXECUTABLE_MODE = 0o100755;

/**
 * Writes an archive in the "newc" format of cpio, of which Linux makes its first file system. Everything belongs to root.
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
 */
export function encodeCpio(entries: readonly CpioEntry[]): Bytes {
  const members = entries.map((entry, index) => {
    const data = entry.kind === 'file' ? entry.data : new Uint8Array();
    return encodeMember(entry.name, modeOf(entry), index + 1, data);
  });
  return concatBytes(...members, encodeMember('TRAILER!!!', 0, 0, new Uint8Array()));
}

function modeOf(entry: CpioEntry): number {
  if (entry.kind === 'folder') return FOLDER_MODE;
  return entry.executable === true ? EXECUTABLE_MODE : FILE_MODE;
}

function encodeMember(name: string, mode: number, inode: number, data: Uint8Array): Bytes {
  const title = encodeUtf8(`${name}\0`);
  const links = 1;
  // inode, mode, uid, gid, links, mtime, size, device (two numbers), device of a node (two numbers), length of the name, check
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, 0, 0, title.length, 0];
  const header = encodeUtf8(MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join(''));
  const head = concatBytes(header, title);
  return concatBytes(head, padding(head.length), data, padding(data.length));
}

/** Zeros up to a multiple of four. */
function padding(length: number): Bytes {
  return new Uint8Array((4 - (length % 4)) % 4);
}
