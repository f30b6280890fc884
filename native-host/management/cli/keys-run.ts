import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { createKeyAccess, type KeyAccess } from '../../ceremony/key-access.ts';
import type { DeviceDescriptor, Transport } from '../../transport/device.ts';
import { type ManagementError, managementFailure } from '../errors.ts';
import { chooseKey, findKeys } from '../key-finder.ts';
import type { KeyUser } from '../key-user.ts';
import type { ManagedKey } from '../managed-key.ts';
import { withManagedKey } from '../with-key.ts';
import { createCliUser } from './cli-user.ts';
import type { Terminal } from './terminal.ts';

/** Ways of reaching keys, and the end of them. */
export interface OpenedTransports {
  readonly transports: readonly Transport[];
  /** Lets go of libraries and services. */
  readonly end: () => Promise<void>;
}

/** What the commands need from the composition root. */
export interface KeysContext {
  /** A release build has no development transport. */
  readonly release: boolean;
  /** Composes the transports; a text says what is wrong with the environment. */
  readonly openTransports: (development: boolean) => Result<OpenedTransports, string>;
  readonly createTerminal: (onInterrupt: () => void) => Terminal;
  /** Calls the listener for Ctrl-C and termination, until the returned function is called. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Writes text to standard output. */
  readonly print: (text: string) => void;
  /** Sets the exit code: 0 done, 1 failed, 130 cancelled. */
  readonly exit: (code: 0 | 1 | 130) => void;
}

/** Options of every command. */
export interface KeysFlags {
  readonly device?: string;
  readonly json?: boolean;
  readonly dev?: boolean;
  readonly pinStdin?: boolean;
  readonly yes?: boolean;
}

/** What a command's work is given. */
export interface KeysSession {
  readonly access: KeyAccess;
  readonly user: KeyUser;
  readonly signal: AbortSignal;
}

/** What a command did: for people, and for programs. */
export interface KeysOutput {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

type Work = (session: KeysSession) => Promise<Result<KeysOutput, ManagementError>>;

/** Runs a command: transports, terminal, Ctrl-C, result. */
export async function runKeys(context: KeysContext, flags: KeysFlags, work: Work): Promise<void> {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  const terminal = context.createTerminal(interrupt);
  const stopListening = context.onInterrupt(interrupt);
  try {
    report(context, terminal, flags, await runWithTransports(context, flags, terminal, controller.signal, work));
  } finally {
    stopListening();
  }
}

/** Runs a command that needs one key, which is asked what it is first. */
export function runWithKey(
  context: KeysContext,
  flags: KeysFlags,
  work: (key: ManagedKey, descriptor: DeviceDescriptor) => Promise<Result<KeysOutput, ManagementError>>,
): Promise<void> {
  return runKeys(context, flags, async (session) => {
    const descriptor = await pickKey(session, flags);
    if (!descriptor.ok) return descriptor;
    return withManagedKey(session.access, descriptor.value.id, session, (key) => work(key, descriptor.value));
  });
}

/** Finds the key that the flags mean. */
export async function pickKey({ access, signal }: KeysSession, { device }: KeysFlags): Promise<Result<DeviceDescriptor, ManagementError>> {
  const found = await findKeys(access, signal, device);
  return signal.aborted ? managementFailure('cancelled', 'Cancelled.') : chooseKey(found, device);
}

async function runWithTransports(
  context: KeysContext,
  { dev = false, pinStdin = false, yes = false }: KeysFlags,
  terminal: Terminal,
  signal: AbortSignal,
  work: Work,
): Promise<Result<KeysOutput, ManagementError>> {
  if (dev && context.release) {
    return managementFailure('notSupported', 'A release build has no development transport.');
  }
  const opened = context.openTransports(dev);
  if (!opened.ok) return managementFailure('notSupported', opened.error);
  const { transports, end } = opened.value;
  const access = createKeyAccess(transports);
  // What transports know of the keys stays fresh from the first look to the last.
  const stop = access.watch({ added: () => undefined, removed: () => undefined, denied: () => undefined });
  try {
    const user = createCliUser({ terminal, signal, pinFromInput: pinStdin, yes });
    const result = await work({ access, user, signal });
    // Whatever a question that was broken off came to, it was Ctrl-C that ended it.
    return result.ok || !signal.aborted ? result : failure({ ...result.error, reason: 'cancelled' });
  } finally {
    stop();
    await end();
  }
}

function report(context: KeysContext, terminal: Terminal, { json = false }: KeysFlags, result: Result<KeysOutput, ManagementError>): void {
  const { print, exit } = context;
  if (result.ok) {
    print(json ? toJson({ ok: true, ...result.value.json }) : result.value.text);
    exit(0);
    return;
  }
  const { reason, message, detail, pinRetries } = result.error;
  if (json) print(toJson({ ok: false, reason, message, detail, pinRetries }));
  else terminal.say(detail === undefined || reason === 'cancelled' ? message : `${message}\n(${detail})`);
  exit(reason === 'cancelled' ? 130 : 1);
}

/** Builds the outcome of a command. */
export function done(text: string, json: KeysOutput['json']): Result<KeysOutput, never> {
  return success({ text, json });
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
