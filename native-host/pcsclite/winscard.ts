import type * as Koffi from 'koffi';

import { failure, success, type Result } from '../../shared/bytes/result.ts';

/** Why there is no list of readers. */
export const PcscProblem = {
  /** The foreign function package, or its binary for this system, cannot be loaded. */
  bindingMissing: 'bindingMissing',
  /** The PC/SC library of the system cannot be loaded. */
  libraryMissing: 'libraryMissing',
  /** The PC/SC service does not run. */
  noService: 'noService',
  /** The service runs and knows no reader. */
  noReaders: 'noReaders',
  /** The service did not answer in time. */
  timeout: 'timeout',
  failed: 'failed',
} as const;
export type PcscProblem = (typeof PcscProblem)[keyof typeof PcscProblem];

/** A refused or impossible PC/SC call. `code` is the library's own (`0x8010001D`), if it got so far. */
export interface PcscError {
  readonly kind: 'pcsc';
  readonly problem: PcscProblem;
  readonly code?: number;
  readonly detail: string;
}

/** Settings of {@link listReaders}, for tests and other systems. */
export interface ListReadersOptions {
  readonly platform?: NodeJS.Platform;
  /** Loads the package; only when called, for a system without it must still start. */
  readonly loadKoffi?: () => Promise<typeof Koffi>;
  /** File of the PC/SC library. */
  readonly library?: string;
  /** Milliseconds to wait for the service. */
  readonly deadline?: number;
}

/** Codes of winscard.h and pcsclite.h. */
const SCARD_S_SUCCESS = 0;
const SCARD_E_NO_SERVICE = 0x8010001d;
const SCARD_E_SERVICE_STOPPED = 0x8010001e;
const SCARD_E_NO_READERS_AVAILABLE = 0x8010002e;
const SCARD_SCOPE_USER = 0;

/** Characters of the list of names: a name has at most 128, and no machine has hundreds of readers. */
const NAMES_LENGTH = 32_768;

const DEADLINE = 3000;

/** What differs between the three implementations of one interface. */
interface Flavour {
  readonly library: string;
  readonly convention: string;
  /** `LONG`, `DWORD`, `SCARDCONTEXT`: as wide as a pointer in pcsc-lite, but for macOS. */
  readonly long: string;
  readonly dword: string;
  readonly context: string;
  readonly listReaders: string;
  readonly encoding: 'utf-8' | 'utf-16le';
}

function flavourOf(platform: NodeJS.Platform): Flavour {
  const names = { listReaders: 'SCardListReaders', encoding: 'utf-8' } as const;
  if (platform === 'win32') {
    return {
      library: 'winscard.dll',
      convention: '__stdcall',
      long: 'int32',
      dword: 'uint32',
      context: 'uintptr',
      listReaders: 'SCardListReadersW',
      encoding: 'utf-16le',
    };
  }
  if (platform === 'darwin') {
    const library = '/System/Library/Frameworks/PCSC.framework/PCSC';
    return { ...names, library, convention: '__cdecl', long: 'int32', dword: 'uint32', context: 'int32' };
  }
  return { ...names, library: 'libpcsclite.so.1', convention: '__cdecl', long: 'long', dword: 'ulong', context: 'long' };
}

/**
 * Lists the PC/SC readers. The calls run on other threads: the event loop stays free even when the service hangs, and
 * the deadline ends the wait (the thread itself lives on until the service answers or goes away).
 *
 * @returns the readers' names, at least one, or why there are none.
 */
export async function listReaders(options: ListReadersOptions = {}): Promise<Result<readonly string[], PcscError>> {
  const { platform = process.platform, loadKoffi = () => import('koffi'), deadline = DEADLINE } = options;
  let koffi: typeof Koffi;
  try {
    koffi = await loadKoffi();
  } catch (error) {
    return refuse(PcscProblem.bindingMissing, messageOf(error));
  }
  const flavour = flavourOf(platform);
  const library = openLibrary(koffi, flavour, options.library ?? flavour.library);
  if (!library.ok) return library;

  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result<never, PcscError>>((resolve) => {
    timer = setTimeout(() => {
      resolve(refuse(PcscProblem.timeout, `The PC/SC service did not answer within ${deadline.toString()} ms.`));
    }, deadline);
  });
  try {
    return await Promise.race([queryReaders(library.value, flavour), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The three functions, each giving its code as an unsigned 32-bit number. */
interface Winscard {
  establishContext(context: [unknown]): Promise<number>;
  listReaders(context: unknown, names: Buffer, length: [number]): Promise<number>;
  releaseContext(context: unknown): Promise<number>;
}

function openLibrary(koffi: typeof Koffi, flavour: Flavour, file: string): Result<Winscard, PcscError> {
  const { convention, long, dword, context } = flavour;
  try {
    const library = koffi.load(file);
    const establish = library.func(convention, 'SCardEstablishContext', long, [
      dword,
      'void *',
      'void *',
      koffi.out(koffi.pointer(context)),
    ]);
    const list = library.func(convention, flavour.listReaders, long, [
      context,
      'void *',
      'void *',
      koffi.inout(koffi.pointer(dword)),
    ]);
    const release = library.func(convention, 'SCardReleaseContext', long, [context]);
    return success({
      establishContext: (out) => callAsync(establish, SCARD_SCOPE_USER, null, null, out),
      listReaders: (handle, names, length) => callAsync(list, handle, null, names, length),
      releaseContext: (handle) => callAsync(release, handle),
    });
  } catch (error) {
    return refuse(PcscProblem.libraryMissing, messageOf(error));
  }
}

function callAsync(foreign: ReturnType<Koffi.LibraryHandle['func']>, ...args: readonly unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    foreign.async(...args, (error: unknown, code: number | bigint) => {
      if (error instanceof Error) reject(error);
      else resolve(Number(BigInt.asUintN(32, BigInt(code))));
    });
  });
}

async function queryReaders(
  winscard: Winscard,
  { encoding }: Flavour,
): Promise<Result<readonly string[], PcscError>> {
  const context: [unknown] = [null];
  const established = await winscard.establishContext(context);
  if (established !== SCARD_S_SUCCESS) return refuseCode('SCardEstablishContext', established);
  try {
    const names = Buffer.alloc(NAMES_LENGTH * (encoding === 'utf-16le' ? 2 : 1));
    const length: [number] = [NAMES_LENGTH];
    const listed = await winscard.listReaders(context[0], names, length);
    if (listed !== SCARD_S_SUCCESS) return refuseCode('SCardListReaders', listed);
    const readers = splitNames(names, encoding);
    return readers.length > 0 ? success(readers) : refuseCode('SCardListReaders', SCARD_E_NO_READERS_AVAILABLE);
  } finally {
    // Its code tells nothing that could be acted on: the context is gone either way.
    await winscard.releaseContext(context[0]);
  }
}

/** A multi-string: names one after the other, each ended by NUL, the list by an empty name. */
function splitNames(names: Buffer, encoding: Flavour['encoding']): readonly string[] {
  const text = new TextDecoder(encoding).decode(names);
  const end = text.indexOf('\0\0');
  return text.slice(0, Math.max(end, 0)).split('\0').filter((name) => name !== '');
}

function refuseCode(call: string, code: number): Result<never, PcscError> {
  const detail = `${call} gave 0x${code.toString(16).toUpperCase().padStart(8, '0')}.`;
  if (code === SCARD_E_NO_READERS_AVAILABLE) return refuse(PcscProblem.noReaders, detail, code);
  const stopped = code === SCARD_E_NO_SERVICE || code === SCARD_E_SERVICE_STOPPED;
  return refuse(stopped ? PcscProblem.noService : PcscProblem.failed, detail, code);
}

function refuse(problem: PcscProblem, detail: string, code?: number): Result<never, PcscError> {
  return failure({ kind: 'pcsc', problem, detail, ...(code === undefined ? {} : { code }) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
