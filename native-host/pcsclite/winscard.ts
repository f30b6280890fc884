import type * as Koffi from 'koffi';

import { type Bytes, copyBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { PcscCode } from './constants.ts';
import { messageOf, type PcscError, PcscProblem, refuse } from './errors.ts';
import { type Flavour, flavourOf } from './flavour.ts';

/** A context, or a connection to a card: whatever number the library gave. */
export type Handle = number | bigint;

/** A call's value, or its code as an unsigned 32-bit number. */
export type Answer<Value> = Result<Value, number>;

/** A reader whose state is asked for: with the state that is known, and with the one that is new. */
export interface ReaderQuery {
  readonly name: string;
  readonly currentState: number;
}
export interface ReaderReport {
  readonly name: string;
  readonly state: number;
  /** Answer to reset; empty without a card. */
  readonly atr: Bytes;
}

/** A card that was connected. `protocol` is 1 for T=0, 2 for T=1. */
export interface Connection {
  readonly card: Handle;
  readonly protocol: number;
}

/**
 * The PC/SC functions. Each runs on a thread of Node's pool, so that none ever blocks the event loop; a service that
 * hangs keeps the thread, and with it the end of the process.
 *
 * Source: PC/SC part 5; pcsc-lite's winscard.h; Windows' winscard.h.
 */
export interface Winscard {
  readonly platform: NodeJS.Platform;
  establishContext(): Promise<Answer<Handle>>;
  releaseContext(context: Handle): Promise<Answer<undefined>>;
  listReaders(context: Handle): Promise<Answer<readonly string[]>>;
  /** Waits for a change, `timeout` milliseconds at most. */
  getStatusChange(context: Handle, timeout: number, readers: readonly ReaderQuery[]): Promise<Answer<readonly ReaderReport[]>>;
  /** Ends a wait for a change. */
  cancel(context: Handle): Promise<Answer<undefined>>;
  connect(context: Handle, reader: string, shareMode: number, protocols: number): Promise<Answer<Connection>>;
  reconnect(card: Handle, shareMode: number, protocols: number, initialization: number): Promise<Answer<number>>;
  disconnect(card: Handle, disposition: number): Promise<Answer<undefined>>;
  beginTransaction(card: Handle): Promise<Answer<undefined>>;
  endTransaction(card: Handle, disposition: number): Promise<Answer<undefined>>;
  transmit(card: Handle, protocol: number, data: Uint8Array, maxLength: number): Promise<Answer<Bytes>>;
  control(card: Handle, code: number, data: Uint8Array, maxLength: number): Promise<Answer<Bytes>>;
  /** Resolves when no call is under way. */
  idle(): Promise<void>;
}

/** Replacements for what is found by itself, for tests and other systems. */
export interface WinscardOptions {
  readonly platform?: NodeJS.Platform;
  /** Loads the package; only when called, for a system without it must still start. */
  readonly loadKoffi?: () => Promise<typeof Koffi>;
  /** File of the PC/SC library. */
  readonly library?: string;
}

/** Readers of programs run by the same user; the only scope that pcsc-lite knows is the other one, and takes both. */
const SCARD_SCOPE_USER = 0;

/** Characters of the list of names: a name has at most 128, and no machine has hundreds of readers. */
const NAMES_LENGTH = 32_768;

type Foreign = ReturnType<Koffi.LibraryHandle['func']>;
type Call = (...args: readonly unknown[]) => Promise<number>;

/** Loads koffi and the system's PC/SC library. */
export async function openWinscard(options: WinscardOptions = {}): Promise<Result<Winscard, PcscError>> {
  const { platform = process.platform, loadKoffi = () => import('koffi') } = options;
  let koffi: typeof Koffi;
  try {
    koffi = await loadKoffi();
  } catch (error) {
    return refuse(PcscProblem.bindingMissing, messageOf(error));
  }
  const flavour = flavourOf(platform);
  try {
    return success(bind(koffi, flavour, koffi.load(options.library ?? flavour.library)));
  } catch (error) {
    return refuse(PcscProblem.libraryMissing, messageOf(error));
  }
}

function bind(koffi: typeof Koffi, flavour: Flavour, library: Koffi.LibraryHandle): Winscard {
  const { platform, convention, dword, handle, suffix, encoding } = flavour;
  const calls = new Set<Promise<unknown>>();
  const dwordOut = koffi.out(koffi.pointer(dword));
  const dwordInOut = koffi.inout(koffi.pointer(dword));
  const handleOut = koffi.out(koffi.pointer(handle));
  const stateSize = { pvUserData: 'void *', dwCurrentState: dword, dwEventState: dword, cbAtr: dword };
  const stateMembers = {
    szReader: encoding === 'utf-16le' ? 'str16' : 'str',
    ...stateSize,
    rgbAtr: koffi.array('uint8', flavour.atrSize, 'Typed'),
  };
  const readerState = flavour.packed ? koffi.pack(stateMembers) : koffi.struct(stateMembers);

  function define(name: string, parameters: (string | ReturnType<typeof Koffi.out>)[]): Call {
    const foreign = library.func(convention, name, flavour.long, parameters);
    return (...args) => {
      const call = callAsync(foreign, args).finally(() => calls.delete(call));
      calls.add(call);
      return call;
    };
  }

  const establishContext = define('SCardEstablishContext', [dword, 'void *', 'void *', handleOut]);
  const releaseContext = define('SCardReleaseContext', [handle]);
  const listReaders = define(`SCardListReaders${suffix}`, [handle, 'void *', 'void *', dwordInOut]);
  const getStatusChange = define(`SCardGetStatusChange${suffix}`, [handle, dword, koffi.inout(koffi.pointer(readerState)), dword]);
  const cancel = define('SCardCancel', [handle]);
  const connect = define(`SCardConnect${suffix}`, [handle, 'void *', dword, dword, handleOut, dwordOut]);
  const reconnect = define('SCardReconnect', [handle, dword, dword, dword, dwordOut]);
  const disconnect = define('SCardDisconnect', [handle, dword]);
  const beginTransaction = define('SCardBeginTransaction', [handle]);
  const endTransaction = define('SCardEndTransaction', [handle, dword]);
  const transmit = define('SCardTransmit', [handle, 'void *', 'void *', dword, 'void *', 'void *', dwordInOut]);
  const control = define('SCardControl', [handle, dword, 'void *', dword, 'void *', dword, dwordOut]);

  return {
    platform,

    async establishContext() {
      const context: [Handle] = [0];
      return answer(await establishContext(SCARD_SCOPE_USER, null, null, context), () => context[0]);
    },

    async releaseContext(context) {
      return answer(await releaseContext(context), nothing);
    },

    async listReaders(context) {
      const names = Buffer.alloc(NAMES_LENGTH * (encoding === 'utf-16le' ? 2 : 1));
      const length: [number] = [NAMES_LENGTH];
      const code = await listReaders(context, null, names, length);
      // pcsc-lite tells an empty list either way.
      if (code === PcscCode.noReadersAvailable) return success([]);
      return answer(code, () => splitNames(names, encoding));
    },

    async getStatusChange(context, timeout, readers) {
      const states = readers.map(({ name, currentState }) => ({
        szReader: name,
        pvUserData: null,
        dwCurrentState: currentState,
        dwEventState: 0,
        cbAtr: 0,
        rgbAtr: new Uint8Array(flavour.atrSize),
      }));
      const code = await getStatusChange(context, timeout, states, states.length);
      return answer(code, () =>
        states.map(({ dwEventState, cbAtr, rgbAtr }, index) => ({
          name: readers[index]?.name ?? '',
          state: dwEventState,
          atr: copyBytes(rgbAtr.subarray(0, Math.min(cbAtr, flavour.atrSize))),
        })),
      );
    },

    async cancel(context) {
      return answer(await cancel(context), nothing);
    },

    async connect(context, reader, shareMode, protocols) {
      const card: [Handle] = [0];
      const protocol: [number] = [0];
      const name = Buffer.from(`${reader}\0`, encoding === 'utf-16le' ? 'utf16le' : 'utf8');
      const code = await connect(context, name, shareMode, protocols, card, protocol);
      return answer(code, () => ({ card: card[0], protocol: protocol[0] }));
    },

    async reconnect(card, shareMode, protocols, initialization) {
      const protocol: [number] = [0];
      return answer(await reconnect(card, shareMode, protocols, initialization, protocol), () => protocol[0]);
    },

    async disconnect(card, disposition) {
      return answer(await disconnect(card, disposition), nothing);
    },

    async beginTransaction(card) {
      return answer(await beginTransaction(card), nothing);
    },

    async endTransaction(card, disposition) {
      return answer(await endTransaction(card, disposition), nothing);
    },

    async transmit(card, protocol, data, maxLength) {
      const request = Buffer.from(data);
      const response = Buffer.alloc(maxLength);
      const length: [number] = [maxLength];
      const pci = protocolHeader(flavour, protocol);
      const code = await transmit(card, pci, request, request.length, null, response, length);
      return answer(code, () => copyBytes(response.subarray(0, length[0])));
    },

    async control(card, code, data, maxLength) {
      const request = Buffer.from(data);
      const response = Buffer.alloc(maxLength);
      const length: [number] = [0];
      const status = await control(card, code >>> 0, request, request.length, response, maxLength, length);
      return answer(status, () => copyBytes(response.subarray(0, length[0])));
    },

    async idle() {
      while (calls.size > 0) await Promise.allSettled(calls);
    },
  };
}

function callAsync(foreign: Foreign, args: readonly unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    foreign.async(...args, (error: unknown, code: number | bigint) => {
      if (error instanceof Error) reject(error);
      else resolve(Number(BigInt.asUintN(32, BigInt(code))));
    });
  });
}

function answer<Value>(code: number, value: () => Value): Answer<Value> {
  return code === PcscCode.success ? success(value()) : failure(code);
}

function nothing(): undefined {
  return undefined;
}

/** `SCARD_IO_REQUEST`: the protocol and the structure's own length, both `DWORD`, in the machine's byte order. */
function protocolHeader({ dwordSize }: Flavour, protocol: number): Buffer {
  const header = Buffer.alloc(2 * dwordSize);
  header.writeUInt32LE(protocol, 0);
  header.writeUInt32LE(header.length, dwordSize);
  return header;
}

/** A multi-string: names one after the other, each ended by NUL, the list by an empty name. */
function splitNames(names: Buffer, encoding: Flavour['encoding']): readonly string[] {
  const text = new TextDecoder(encoding).decode(names);
  const end = text.indexOf('\0\0');
  return text
    .slice(0, Math.max(end, 0))
    .split('\0')
    .filter((name) => name !== '');
}
