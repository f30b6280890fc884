import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { CONTROL_COMMANDS } from './commands.ts';
import { type ControlErrorCode, ControlFailure, Fields, mandatory } from './fields.ts';
import type { KeyRing } from './key-ring.ts';

const LOOPBACK = '127.0.0.1';
const MAX_BODY = 1_048_576;
const DEFAULT_SESSION = 'default';

/** The answer to one control request. */
type Answer = { readonly value: unknown } | { readonly error: { readonly code: ControlErrorCode; readonly message: string } };

/** A control server that listens. */
export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the control commands: `POST /` with `{session, cmd, args}`, answered by `{value}` or `{error}`. Listens on
 * loopback only. Rejects when the port is taken; 0 picks a free one.
 */
export async function startControlServer(port: number, ring: KeyRing): Promise<ControlServer> {
  const server = createServer((request, response) => void serve(request, response, ring));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Waits (keystile_wait) would otherwise keep it open.
  server.closeAllConnections();
  await closed;
}

async function serve(request: IncomingMessage, response: ServerResponse, ring: KeyRing): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/') {
    send(response, 404, refusal('unknown command', 'Only POST / is served.'));
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    send(response, 413, refusal('invalid argument', 'The request is too large.'));
    return;
  }
  send(response, 200, await execute(body, ring));
}

async function execute(body: string, ring: KeyRing): Promise<Answer> {
  try {
    const fields = new Fields(parseJson(body), 'request');
    const name = mandatory(fields.text('cmd'), 'cmd');
    const session = decodeSession(fields.raw('session'));
    const args = fields.object('args') ?? new Fields({}, 'args');
    const command = CONTROL_COMMANDS.get(name);
    if (command === undefined) throw new ControlFailure('unknown command', 'There is no such command.');
    return { value: (await command(ring, session, args)) ?? null };
  } catch (error) {
    if (!(error instanceof ControlFailure)) throw error;
    return refusal(error.code, error.message);
  }
}

function decodeSession(value: unknown): string {
  if (value === undefined || value === null) return DEFAULT_SESSION;
  if (typeof value === 'string' || typeof value === 'number') return value.toString();
  throw new ControlFailure('invalid argument', 'session must be a text or a number.');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new ControlFailure('invalid argument', 'The request is not JSON.');
  }
}

/** The whole body, or `undefined` when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(code: ControlErrorCode, message: string): Answer {
  return { error: { code, message } };
}

function send(response: ServerResponse, status: number, answer: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}
