import { connect, type Socket } from 'node:net';

/** Milliseconds; more than any command of a test takes. */
const COMMAND_DEADLINE = 30_000;

/** Firefox answered a command with an error of WebDriver's list (`no such window`, `javascript error`, ...). */
export class MarionetteError extends Error {
  readonly code: string;

  constructor(command: string, code: string, detail: string) {
    super(`${command}: ${code}: ${detail}`);
    this.name = 'MarionetteError';
    this.code = code;
  }
}

/** A connection to Firefox's remote control. */
export interface Marionette {
  /**
   * Sends one command and resolves with its result; a result of the form `{value}` is unwrapped.
   * Rejects with a {@link MarionetteError}, or an Error when the connection ended or the answer took too long.
   */
  send(command: string, parameters?: object): Promise<unknown>;
  close(): void;
}

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly deadline: ReturnType<typeof setTimeout>;
}

/** Takes the complete packets `<length>:<JSON>` off the front of what was received. The length counts bytes. */
function takePackets(received: Buffer): { readonly packets: readonly unknown[]; readonly rest: Buffer } {
  const packets: unknown[] = [];
  let rest = received;
  for (;;) {
    const colon = rest.indexOf(':');
    const end = colon + 1 + Number(rest.subarray(0, Math.max(0, colon)).toString());
    if (colon === -1 || rest.length < end) return { packets, rest };
    packets.push(JSON.parse(rest.subarray(colon + 1, end).toString()));
    rest = rest.subarray(end);
  }
}

/** Connects to the Marionette server on this machine; resolves when it has greeted. */
export async function connectMarionette(port: number): Promise<Marionette> {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let received: Buffer = Buffer.alloc(0);
  let greeted: () => void = () => undefined;

  function onPacket(packet: unknown): void {
    if (!Array.isArray(packet)) {
      greeted();
      return;
    }
    // [1, id, error, result]
    const [, id, error, result] = packet as [number, number, { error: string; message: string } | null, unknown];
    const command = waiting.get(id);
    if (command === undefined) return;
    waiting.delete(id);
    clearTimeout(command.deadline);
    if (error !== null) command.reject(new MarionetteError(command.command, error.error, error.message));
    else command.resolve(typeof result === 'object' && result !== null && 'value' in result ? result.value : result);
  }

  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect(port, '127.0.0.1');
    opening.on('error', reject);
    greeted = () => resolve(opening);
    opening.on('data', (chunk: Buffer) => {
      const { packets, rest } = takePackets(Buffer.concat([received, chunk]));
      received = rest;
      packets.forEach(onPacket);
    });
    opening.on('close', () => {
      reject(new Error('Firefox closed the connection before it greeted.'));
      for (const { command, reject: end, deadline } of waiting.values()) {
        clearTimeout(deadline);
        end(new Error(`${command}: Firefox closed the connection.`));
      }
      waiting.clear();
    });
  });

  return {
    send(command, parameters = {}) {
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        const deadline = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`${command}: no answer within ${COMMAND_DEADLINE.toString()} ms.`));
        }, COMMAND_DEADLINE);
        waiting.set(id, { command, resolve, reject, deadline });
        const packet = Buffer.from(JSON.stringify([0, id, command, parameters]));
        socket.write(`${packet.length.toString()}:`);
        socket.write(packet);
      });
    },
    close() {
      socket.destroy();
    },
  };
}
