import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import { allowedCallers, BrowserFamily } from '../../../manifests/native-messaging/host-manifest.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { decodeEnvelope, PROTOCOL_VERSION } from '../../../shared/wire/envelope.ts';
import { decodeValue, type ResultOf } from '../../../shared/wire/hop.ts';
import { nativeHop, type NativeHop } from '../../../shared/wire/native.ts';
import type { IncomingFrame } from '../../stdio/frame.ts';
import { startPump } from '../../stdio/pump.ts';

/** How a browser starts the host. */
export interface HelloCommand {
  /** `path` of the manifest. */
  readonly path: string;
  readonly family: BrowserFamily;
  /** File of the manifest: Firefox passes it. */
  readonly manifest: string;
  /** Version of this command, told to the host. */
  readonly version: string;
}

/** What the host says of itself. */
export type HostHello = ResultOf<NativeHop, 'host.hello'>;

/** Why the host did not introduce itself. */
export interface HelloError {
  readonly kind: 'hello';
  readonly problem: 'notStarted' | 'ended' | 'noAnswer' | 'refused' | 'malformed';
  readonly detail: string;
}

/** Milliseconds from starting the host to its answer. */
const ANSWER_DEADLINE = 5000;

/** Milliseconds that the host may take to end after its input was closed. */
const END_DEADLINE = 1000;

/** Characters of the host's standard error that are worth showing. */
const ERROR_TEXT_LIMIT = 500;

/**
 * Starts the host as a browser does, with the browser's arguments, asks `host.hello` and ends it again.
 *
 * @param deadline milliseconds to wait for the answer.
 */
export function askHello(command: HelloCommand, deadline = ANSWER_DEADLINE): Promise<Result<HostHello, HelloError>> {
  return new Promise((resolve) => {
    const child = startAsBrowser(command);
    const id = randomUUID();
    let errorText = '';
    let settled = false;

    const timer = setTimeout(() => {
      settle(refuse('noAnswer', withErrorText(`It did not answer within ${(deadline / 1000).toString()} s.`)));
    }, deadline);

    function settle(result: Result<HostHello, HelloError>): void {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      child.stdin.end();
      const killer = setTimeout(() => child.kill('SIGKILL'), END_DEADLINE);
      if (child.pid === undefined || child.exitCode !== null) clearTimeout(killer);
      child.once('exit', () => clearTimeout(killer));
      resolve(result);
    }

    function withErrorText(text: string): string {
      return errorText.trim() === '' ? text : `${text} It said: ${errorText.trim()}`;
    }

    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errorText = (errorText + text).slice(-ERROR_TEXT_LIMIT);
    });
    child.once('error', (error) => settle(refuse('notStarted', error.message)));
    child.once('close', (code, signal) => {
      settle(refuse('ended', withErrorText(`It ended with ${code === null ? String(signal) : `exit code ${code.toString()}`}.`)));
    });
    const pump = startPump({
      input: child.stdout,
      output: child.stdin,
      onFrame: (frame) => {
        const result = readAnswer(frame, id);
        if (result !== undefined) settle(result);
      },
      // The end of the process tells more than the end of its streams, and comes only once its output is read.
      onEnd: () => void child.stdout.resume(),
    });
    pump.send({
      v: PROTOCOL_VERSION,
      id,
      method: 'host.hello',
      params: { protocol: PROTOCOL_VERSION, client: { version: command.version } },
    });
  });
}

function readAnswer(frame: IncomingFrame, id: string): Result<HostHello, HelloError> | undefined {
  if (frame.kind !== 'message') return refuse('malformed', 'Its output is not native messaging.');
  const envelope = decodeEnvelope(frame.value);
  if (envelope?.kind !== 'response') return refuse('malformed', 'Its first message is not an answer of this protocol.');
  const { message } = envelope;
  if (!message.ok) {
    const error = decodeValue(nativeHop.error, message.error);
    return refuse('refused', error.ok ? error.value.message : 'It refused, without a reason that could be read.');
  }
  // Another request's answer: only a refusal may come without the ID.
  if (message.id !== id) return undefined;
  const hello = decodeValue(nativeHop.methods['host.hello'].result, message.result);
  if (hello.ok) return success(hello.value);
  return refuse('malformed', `Its answer is of another version: ${hello.error.path}: ${hello.error.message}`);
}

function startAsBrowser({ path, family, manifest }: HelloCommand): ReturnType<typeof spawnPiped> {
  const [caller = ''] = allowedCallers(family);
  const args = family === BrowserFamily.firefox ? [manifest, caller] : [caller];
  if (!/\.(bat|cmd)$/i.test(path)) return spawnPiped(path, args, false);
  // As browsers do for batch files. The outer quotation marks are cmd.exe's own and come off again.
  const words = [path, ...args].map((word) => `"${word}"`).join(' ');
  return spawnPiped(process.env['ComSpec'] ?? 'cmd.exe', ['/d', '/s', '/c', `"${words}"`], true);
}

function spawnPiped(command: string, args: readonly string[], verbatim: boolean) {
  return spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true, windowsVerbatimArguments: verbatim });
}

function refuse(problem: HelloError['problem'], detail: string): Result<never, HelloError> {
  return failure({ kind: 'hello', problem, detail });
}
