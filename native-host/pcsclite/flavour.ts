/** What differs between the implementations of one interface. */
export interface Flavour {
  readonly platform: NodeJS.Platform;
  /** File of the library. */
  readonly library: string;
  readonly convention: string;
  /** `LONG` and `DWORD`: as wide as a pointer in pcsc-lite, but for macOS. */
  readonly long: string;
  readonly dword: string;
  /** Bytes of a `DWORD`. */
  readonly dwordSize: 4 | 8;
  /** `SCARDCONTEXT` and `SCARDHANDLE`. */
  readonly handle: string;
  /** Suffix of functions that take text. */
  readonly suffix: '' | 'W';
  readonly encoding: 'utf-8' | 'utf-16le';
  /** Bytes for the answer to reset in `SCARD_READERSTATE`. */
  readonly atrSize: number;
  /** Structures without padding. */
  readonly packed: boolean;
}

/** Source: winscard.h of the Windows SDK, of pcsc-lite and of macOS' PCSC.framework. */
export function flavourOf(platform: NodeJS.Platform): Flavour {
  if (platform === 'win32') {
    return {
      platform,
      library: 'winscard.dll',
      convention: '__stdcall',
      long: 'int32',
      dword: 'uint32',
      dwordSize: 4,
      handle: 'uintptr',
      suffix: 'W',
      encoding: 'utf-16le',
      atrSize: 36,
      packed: false,
    };
  }
  const unix = { platform, convention: '__cdecl', suffix: '', encoding: 'utf-8', atrSize: 33 } as const;
  if (platform === 'darwin') {
    const library = '/System/Library/Frameworks/PCSC.framework/PCSC';
    return { ...unix, library, long: 'int32', dword: 'uint32', dwordSize: 4, handle: 'int32', packed: true };
  }
  // `long` is as wide as a pointer on every Linux that Node runs on.
  const dwordSize = ['ia32', 'arm', 'mipsel', 'ppc'].includes(process.arch) ? 4 : 8;
  return { ...unix, library: 'libpcsclite.so.1', long: 'long', dword: 'ulong', dwordSize, handle: 'long', packed: false };
}
