import { success, type Result } from '../../shared/bytes/result.ts';
import { PcscCode } from './constants.ts';
import { type PcscError, PcscProblem, refuse, refuseCode } from './errors.ts';
import { openWinscard, type Winscard, type WinscardOptions } from './winscard.ts';

/** Settings of {@link listReaders}. */
export interface ListReadersOptions extends WinscardOptions {
  /** Milliseconds to wait for the service. */
  readonly deadline?: number;
  /** Told, before the first call, of the end of the last one: it never comes if the service hangs. */
  readonly onCalls?: (end: Promise<unknown>) => void;
}

const DEADLINE = 3000;

/**
 * Lists the PC/SC readers. The calls run on other threads: the event loop stays free even when the service hangs, and
 * the deadline ends the wait (the thread itself lives on until the service answers or goes away).
 *
 * @returns the readers' names, at least one, or why there are none.
 */
export async function listReaders(options: ListReadersOptions = {}): Promise<Result<readonly string[], PcscError>> {
  const { deadline = DEADLINE, onCalls } = options;
  const winscard = await openWinscard(options);
  if (!winscard.ok) return winscard;

  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result<never, PcscError>>((resolve) => {
    timer = setTimeout(() => {
      resolve(refuse(PcscProblem.timeout, `The PC/SC service did not answer within ${deadline.toString()} ms.`));
    }, deadline);
  });
  try {
    const query = queryReaders(winscard.value);
    onCalls?.(query);
    return await Promise.race([query, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function queryReaders(winscard: Winscard): Promise<Result<readonly string[], PcscError>> {
  const context = await winscard.establishContext();
  if (!context.ok) return refuseCode('SCardEstablishContext', context.error);
  try {
    const listed = await winscard.listReaders(context.value);
    if (!listed.ok) return refuseCode('SCardListReaders', listed.error);
    return listed.value.length > 0 ? success(listed.value) : refuseCode('SCardListReaders', PcscCode.noReadersAvailable);
  } finally {
    // Its code tells nothing that could be acted on: the context is gone either way.
    await winscard.releaseContext(context.value);
  }
}
