import { SecretLine } from './secret-line.ts';

/** Where a person types and reads; questions and progress go to standard error, so that standard output has results only. */
export interface Terminal {
  /** Somebody can be asked. */
  readonly isInteractive: boolean;
  /** Writes a line for the person. */
  readonly say: (text: string) => void;
  /** Asks for a line without showing what is typed; `undefined` when none comes. */
  readonly askSecret: (question: string, signal: AbortSignal) => Promise<string | undefined>;
  /** Asks for a line; `undefined` when none comes. */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string | undefined>;
  /** Everything on standard input up to its end; `undefined` when that is not text or more than it may be. */
  readonly readAll: (signal: AbortSignal) => Promise<string | undefined>;
}

/** Standard input as it is needed here. */
export interface InputStream {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end' | 'error', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'end' | 'error', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Standard error as it is needed here. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const MAX_INPUT_BYTES = 4096;
/** Milliseconds after which nobody is thought to be typing. */
const TYPING_DEADLINE = 300_000;

/**
 * The terminal of this process.
 *
 * @param onInterrupt called for Ctrl-C while input is hidden: in raw mode the system sends no signal for it.
 */
export function createTerminal(input: InputStream, output: OutputStream, onInterrupt: () => void): Terminal {
  const isInteractive = input.isTTY === true && output.isTTY === true;
  const askSecret = async (question: string, signal: AbortSignal): Promise<string | undefined> => {
    if (!isInteractive || signal.aborted) return undefined;
    output.write(question);
    const line = new SecretLine();
    input.setRawMode?.(true);
    try {
      return await readChunks<string>(input, signal, (chunk) => {
        if (chunk === undefined) return { value: undefined };
        const outcome = line.type(chunk);
        if (outcome.type === 'interrupted') onInterrupt();
        if (outcome.type === 'typing') return undefined;
        return { value: outcome.type === 'entered' ? outcome.text : undefined };
      });
    } finally {
      input.setRawMode?.(false);
      output.write('\n');
    }
  };
  const ask = async (question: string, signal: AbortSignal): Promise<string | undefined> => {
    if (!isInteractive || signal.aborted) return undefined;
    output.write(question);
    // The terminal itself hands on whole lines.
    return readChunks<string>(input, signal, (chunk) => ({ value: chunk?.toString().trim() }));
  };
  return {
    isInteractive,
    say: (text) => void output.write(`${text}\n`),
    askSecret,
    ask,
    readAll: async (signal) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const bytes = await readChunks<Buffer>(input, signal, (chunk) => {
        if (chunk === undefined) return { value: Buffer.concat(chunks) };
        chunks.push(chunk);
        length += chunk.length;
        return length > MAX_INPUT_BYTES ? { value: undefined } : undefined;
      });
      for (const chunk of chunks) chunk.fill(0);
      const text = bytes === undefined ? undefined : decodeUtf8(bytes);
      bytes?.fill(0);
      return text;
    },
  };
}

/** Hands on chunks, and `undefined` at the end, until `take` returns a value, or the signal aborts. */
function readChunks<Value>(
  input: InputStream,
  signal: AbortSignal,
  take: (chunk: Buffer | undefined) => { readonly value: Value | undefined } | undefined,
): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const finish = (value: Value | undefined): void => {
      clearTimeout(timer);
      input.off('data', data);
      input.off('end', end);
      input.off('error', end);
      signal.removeEventListener('abort', abort);
      input.pause();
      resolve(value);
    };
    const data = (chunk: Buffer): void => {
      const done = take(chunk);
      if (done !== undefined) finish(done.value);
    };
    const end = (): void => finish(take(undefined)?.value);
    const abort = (): void => finish(undefined);
    input.on('data', data);
    input.on('end', end);
    input.on('error', end);
    const timer = setTimeout(abort, TYPING_DEADLINE);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else input.resume();
  });
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder's only way of saying "not UTF-8".
    return undefined;
  }
}
