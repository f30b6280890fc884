import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import type { Environment } from '../authenticator/environment.ts';
import type { AuthenticatorPort } from '../authenticator/exchange.ts';
import { HidKey } from './ctaphid/hid-key.ts';
import { CTAPHID_SHAPE } from './ctaphid/packet-shape.ts';
import { REPORT_SIZE } from './ctaphid/packets.ts';
import type { Face, Slot } from './face.ts';

const LOOPBACK = '127.0.0.1';

/**
 * A USB key's slot: CTAPHID reports in UDP datagrams on loopback, one report each, answered to their sender.
 * The socket stays bound for as long as the slot exists, so that no other program gets the port; without a key, or with
 * it unplugged, the slot is silent (there is no ICMP "port unreachable").
 */
export class UdpSlot implements Slot {
  readonly transport = 'usb';
  readonly shape = CTAPHID_SHAPE;
  readonly #socket: Socket;
  readonly port: number;
  #key: HidKey | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (datagram, sender) => this.#receive(copyBytes(datagram), sender));
    // A client that is gone may come back as an error of a later send; the slot has to live on.
    socket.on('error', () => undefined);
  }

  /** Binds the port; 0 picks a free one. Rejects when the port is taken. */
  static async open(port: number): Promise<UdpSlot> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, LOOPBACK, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    return new UdpSlot(socket);
  }

  get address(): string {
    return `${LOOPBACK}:${this.port.toString()}`;
  }

  get occupied(): boolean {
    return this.#key !== undefined;
  }

  insert(authenticator: AuthenticatorPort, environment: Environment): Face {
    const key = new HidKey(this.address, authenticator, environment, { on: () => undefined, off: () => undefined });
    this.#key = key;
    return key;
  }

  remove(): void {
    this.#key?.unplug();
    this.#key = undefined;
  }

  async close(): Promise<void> {
    this.remove();
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #receive(datagram: Bytes, sender: RemoteInfo): void {
    if (datagram.length !== REPORT_SIZE) return;
    this.#key?.receive(datagram, (report) => {
      this.#socket.send(report, sender.port, sender.address);
    });
  }
}
