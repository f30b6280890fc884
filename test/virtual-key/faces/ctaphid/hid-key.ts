import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import type { Environment } from '../../authenticator/environment.ts';
import type { AuthenticatorPort } from '../../authenticator/exchange.ts';
import type { Face, Traffic } from '../face.ts';
import { decideFate, type Direction, type PacketHook } from '../faults.ts';
import { CtaphidEngine, type Reply } from './engine.ts';
import { HidCommand } from './packets.ts';

/** What a face does when its key is plugged in and pulled out. */
export interface HidPower {
  readonly on: () => void;
  readonly off: () => void;
}

/** A USB key behind any face that carries reports: plugged in or not, with hooks on every packet. */
export class HidKey implements Face {
  readonly address: string;
  readonly #authenticator: AuthenticatorPort;
  readonly #environment: Environment;
  readonly #power: HidPower;
  readonly #engine: CtaphidEngine;
  readonly #traffic = { in: 0, out: 0, keepalives: 0 };
  #hooks: readonly PacketHook[] = [];
  #plugged = true;

  /** The key is plugged in from the start; `power` is told of changes only. */
  constructor(address: string, authenticator: AuthenticatorPort, environment: Environment, power: HidPower) {
    this.address = address;
    this.#authenticator = authenticator;
    this.#environment = environment;
    this.#power = power;
    this.#engine = new CtaphidEngine(authenticator, environment);
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  get traffic(): Traffic {
    return { ...this.#traffic };
  }

  plug(): void {
    if (this.#plugged) return;
    this.#authenticator.powerCycle();
    this.#plugged = true;
    this.#power.on();
  }

  unplug(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#engine.reset();
    this.#power.off();
  }

  setHooks(hooks: readonly PacketHook[]): void {
    this.#hooks = hooks;
  }

  /** Takes one report of 64 bytes; what it causes goes to `reply`, as long as the key is plugged in. */
  receive(report: Bytes, reply: Reply): void {
    const send = (answer: Bytes): void =>
      this.#pass(answer, 'out', (packet) => {
        this.#traffic.out += 1;
        if (packet[4] === (HidCommand.keepalive | 0x80)) this.#traffic.keepalives += 1;
        reply(packet);
      });
    this.#pass(report, 'in', (packet) => {
      this.#traffic.in += 1;
      this.#engine.receive(packet, send);
    });
  }

  /** Lets a packet through, or does with it what the hooks say. */
  #pass(packet: Bytes, direction: Direction, deliver: (packet: Bytes) => void): void {
    if (!this.#plugged) return;
    const fate = decideFate(this.#hooks, packet, direction);
    switch (fate.kind) {
      case 'pass':
        deliver(packet);
        return;
      case 'drop':
        return;
      case 'delay':
        this.#environment.schedule(fate.ms, () => {
          if (this.#plugged) deliver(packet);
        });
        return;
      case 'duplicate':
        deliver(packet);
        deliver(packet);
        return;
      case 'replace':
        for (const each of fate.packets) deliver(each);
        return;
      case 'powerLoss':
        this.#engine.reset();
        this.#authenticator.powerCycle();
        deliver(packet);
        return;
      case 'disconnect':
        this.unplug();
    }
  }
}
