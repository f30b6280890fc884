import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

import { type Bytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import type { Environment } from '../authenticator/environment.ts';
import type { AuthenticatorPort } from '../authenticator/exchange.ts';
import { CtaphidEngine } from './ctaphid/engine.ts';
import { REPORT_SIZE } from './ctaphid/packets.ts';
import type { Face, Slot } from './face.ts';
import { decideFate, type Direction, type PacketHook } from './faults.ts';

const LOOPBACK = '127.0.0.1';

interface Occupant {
  readonly engine: CtaphidEngine;
  readonly authenticator: AuthenticatorPort;
  readonly environment: Environment;
  plugged: boolean;
  hooks: readonly PacketHook[];
}

/**
 * A USB key's slot: CTAPHID reports in UDP datagrams on loopback, one report each, answered to their sender.
 * The socket stays bound for as long as the slot exists, so that no other program gets the port; without a key, or with
 * it unplugged, the slot is silent (there is no ICMP "port unreachable").
 */
export class UdpSlot implements Slot {
  readonly transport = 'usb';
  readonly #socket: Socket;
  readonly port: number;
  #occupant: Occupant | undefined;

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
    return this.#occupant !== undefined;
  }

  insert(authenticator: AuthenticatorPort, environment: Environment): Face {
    const engine = new CtaphidEngine(authenticator, environment);
    const occupant: Occupant = { engine, authenticator, environment, plugged: true, hooks: [] };
    this.#occupant = occupant;
    return {
      address: this.address,
      get plugged() {
        return occupant.plugged;
      },
      plug: () => {
        if (occupant.plugged) return;
        authenticator.powerCycle();
        occupant.plugged = true;
      },
      unplug: () => unplug(occupant),
      setHooks: (hooks) => {
        occupant.hooks = hooks;
      },
    };
  }

  remove(): void {
    if (this.#occupant !== undefined) unplug(this.#occupant);
    this.#occupant = undefined;
  }

  async close(): Promise<void> {
    this.remove();
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #receive(datagram: Bytes, sender: RemoteInfo): void {
    const occupant = this.#occupant;
    if (occupant === undefined || datagram.length !== REPORT_SIZE) return;
    const reply = (report: Bytes): void =>
      pass(occupant, report, 'out', (packet) => {
        this.#socket.send(packet, sender.port, sender.address);
      });
    pass(occupant, datagram, 'in', (packet) => occupant.engine.receive(packet, reply));
  }
}

function unplug(occupant: Occupant): void {
  if (!occupant.plugged) return;
  occupant.plugged = false;
  occupant.engine.reset();
}

/** Lets a packet through, or does with it what the hooks say. */
function pass(occupant: Occupant, packet: Bytes, direction: Direction, deliver: (packet: Bytes) => void): void {
  if (!occupant.plugged) return;
  const fate = decideFate(occupant.hooks, packet, direction);
  switch (fate.kind) {
    case 'pass':
      deliver(packet);
      return;
    case 'drop':
      return;
    case 'delay':
      occupant.environment.schedule(fate.ms, () => {
        if (occupant.plugged) deliver(packet);
      });
      return;
    case 'duplicate':
      deliver(packet);
      deliver(packet);
      return;
    case 'replace':
      deliver(fate.packet);
      return;
    case 'disconnect':
      unplug(occupant);
  }
}
