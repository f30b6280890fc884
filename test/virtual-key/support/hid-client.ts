import { createSocket, type Socket } from 'node:dgram';

import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';

/** One message from a key, put together from its packets. */
export interface HidMessage {
  readonly channel: number;
  readonly command: number;
  readonly payload: Bytes;
}

/** Splits a message into reports, written apart from the virtual key's own coding. */
export function buildReports(channel: number, command: number, payload: Uint8Array, declaredLength = payload.length): Bytes[] {
  const reports: Bytes[] = [];
  let rest = payload;
  for (let index = 0; index === 0 || rest.length > 0; index += 1) {
    const report = new Uint8Array(64);
    const view = new DataView(report.buffer);
    view.setUint32(0, channel);
    view.setUint8(4, index === 0 ? 0x80 | command : index - 1);
    if (index === 0) view.setUint16(5, declaredLength);
    const start = index === 0 ? 7 : 5;
    report.set(rest.subarray(0, 64 - start), start);
    rest = rest.subarray(64 - start);
    reports.push(report);
  }
  return reports;
}

interface HalfMessage {
  readonly channel: number;
  readonly command: number;
  readonly length: number;
  readonly payload: Bytes;
  readonly next: number;
}

/** Puts packets together again; calls `deliver` for each whole message. */
export class HidReassembler {
  readonly #deliver: (message: HidMessage) => void;
  #partial: HalfMessage | undefined;

  constructor(deliver: (message: HidMessage) => void) {
    this.#deliver = deliver;
  }

  add(report: Bytes): void {
    const view = new DataView(report.buffer);
    const channel = view.getUint32(0);
    const marker = view.getUint8(4);
    const partial =
      (marker & 0x80) !== 0
        ? { channel, command: marker & 0x7f, length: view.getUint16(5), payload: report.slice(7), next: 0 }
        : this.#continued(channel, marker, report.slice(5));
    this.#partial = partial;
    const { command, length, payload } = partial;
    if (payload.length < length) return;
    this.#partial = undefined;
    this.#deliver({ channel, command, payload: payload.slice(0, length) });
  }

  #continued(channel: number, sequence: number, data: Bytes): HalfMessage {
    const partial = this.#partial;
    if (partial?.channel !== channel || partial.next !== sequence) throw new Error('A packet out of turn.');
    return { ...partial, payload: concatBytes(partial.payload, data), next: sequence + 1 };
  }
}

/** A bare CTAPHID client over UDP, for tests: it sends what it is told, right or wrong. */
export class HidClient {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #arrived: HidMessage[] = [];
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    const reassembler = new HidReassembler((message) => {
      this.#arrived.push(message);
      this.#wake?.();
    });
    socket.on('message', (datagram) => reassembler.add(copyBytes(datagram)));
  }

  static async open(port: number): Promise<HidClient> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new HidClient(socket, port);
  }

  sendReport(report: Uint8Array): void {
    this.#socket.send(report, this.#port, '127.0.0.1');
  }

  send(channel: number, command: number, payload: Uint8Array = new Uint8Array(), declaredLength?: number): void {
    for (const report of buildReports(channel, command, payload, declaredLength)) this.sendReport(report);
  }

  /** The next message that arrives. */
  async next(): Promise<HidMessage> {
    for (;;) {
      const message = this.#arrived.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next message that is not a keepalive. */
  async nextAnswer(): Promise<HidMessage> {
    for (;;) {
      const message = await this.next();
      if (message.command !== 0x3b) return message;
    }
  }

  /** Sends a message and waits for its answer. */
  async call(channel: number, command: number, payload?: Uint8Array): Promise<HidMessage> {
    this.send(channel, command, payload);
    return await this.nextAnswer();
  }

  /** Sends a message of one packet, and gives the next packet as it comes. */
  async exchangeRaw(channel: number, command: number, payload: Uint8Array): Promise<Bytes> {
    const packet = new Promise<Bytes>((resolve) => {
      this.#socket.once('message', (datagram) => resolve(copyBytes(datagram)));
    });
    this.send(channel, command, payload);
    return await packet;
  }

  /** Gets a channel. */
  async init(): Promise<number> {
    const { payload } = await this.call(0xffff_ffff, 0x06, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    return new DataView(payload.buffer).getUint32(8);
  }

  close(): void {
    this.#socket.close();
  }
}
