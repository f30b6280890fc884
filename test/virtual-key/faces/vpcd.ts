import { connect, type Socket } from 'node:net';

import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import type { Environment } from '../authenticator/environment.ts';
import type { CardAuthenticatorPort } from '../authenticator/exchange.ts';
import type { Face, Slot } from './face.ts';
import { decideFate, type Direction, type PacketHook } from './faults.ts';
import { APDU_SHAPE } from './iso7816/apdu-shape.ts';
import { CardApplet } from './iso7816/applet.ts';

/** Where a vpcd reader waits for its card: a TCP port, or a Unix socket that leads to one. */
export type VpcdAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** Milliseconds between tries to reach the reader. */
const RETRY = 100;
/** Milliseconds that a reader stays empty at least: pcscd looks at its virtual readers now and then only. */
const ABSENCE = 1000;

/** Control messages of one byte. Source: vsmartcard, "vpcd: Communicating via TCP". */
const Control = { powerOff: 0x00, powerOn: 0x01, reset: 0x02, getAtr: 0x04 } as const;

/** Answers to reset: that of a contactless card without historical bytes (PC/SC part 3 §3.1.3.2.3), and a plain T=0 one. */
const ATR = { t1: Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01), t0: Uint8Array.of(0x3b, 0x00) } as const;

/** Reads `HOST:PORT`, or the path of a Unix socket, which has a slash. */
export function parseVpcdAddress(text: string): VpcdAddress | undefined {
  if (text.includes('/')) return { path: text };
  const [, host, digits] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** A slot on a reader of vsmartcard's vpcd, the virtual reader of a real pcscd. The card is there while it is connected. */
export class VpcdSlot implements Slot {
  readonly transport = 'nfc';
  readonly shape = APDU_SHAPE;
  readonly #target: VpcdAddress;
  readonly #reader = { emptySince: Number.NEGATIVE_INFINITY };
  #card: VpcdCard | undefined;

  constructor(target: VpcdAddress) {
    this.#target = target;
  }

  get address(): string {
    return 'path' in this.#target ? this.#target.path : `${this.#target.host}:${this.#target.port.toString()}`;
  }

  get occupied(): boolean {
    return this.#card !== undefined;
  }

  insert(authenticator: CardAuthenticatorPort, environment: Environment): Face {
    const card = new VpcdCard(this.#target, this.#reader, authenticator, environment);
    this.#card = card;
    card.plug();
    return {
      address: this.address,
      get plugged() {
        return card.isPlugged;
      },
      plug: () => card.plug(),
      unplug: () => card.unplug(),
      setHooks: (hooks) => card.setHooks(hooks),
    };
  }

  remove(): void {
    this.#card?.unplug();
    this.#card = undefined;
  }

  close(): Promise<void> {
    this.remove();
    return Promise.resolve();
  }
}

/** A card that lies on the reader, or does not. */
class VpcdCard {
  readonly #target: VpcdAddress;
  readonly #reader: { emptySince: number };
  readonly #authenticator: CardAuthenticatorPort;
  readonly #environment: Environment;
  readonly #applet: CardApplet;
  #socket: Socket | undefined;
  #received: Bytes = new Uint8Array();
  #hooks: readonly PacketHook[] = [];
  #stopRetry: () => void = () => undefined;
  #plugged = false;

  constructor(
    target: VpcdAddress,
    reader: { emptySince: number },
    authenticator: CardAuthenticatorPort,
    environment: Environment,
  ) {
    this.#target = target;
    this.#reader = reader;
    this.#authenticator = authenticator;
    this.#environment = environment;
    this.#applet = new CardApplet(authenticator, environment);
  }

  get isPlugged(): boolean {
    return this.#plugged;
  }

  setHooks(hooks: readonly PacketHook[]): void {
    this.#hooks = hooks;
  }

  plug(): void {
    if (this.#plugged) return;
    this.#plugged = true;
    const wait = this.#reader.emptySince + ABSENCE - this.#environment.now();
    if (wait > 0) this.#stopRetry = this.#environment.schedule(wait, () => this.#connect());
    else this.#connect();
  }

  unplug(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#stopRetry();
    if (this.#socket !== undefined) this.#reader.emptySince = this.#environment.now();
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#applet.reset();
  }

  /** The reader may not wait yet, or not any more: the card lies there and is found when it does. */
  #connect(): void {
    const target = this.#target;
    const socket = 'path' in target ? connect(target.path) : connect(target.port, target.host);
    socket.setNoDelay(true);
    this.#socket = socket;
    this.#received = new Uint8Array();
    socket.on('data', (chunk) => {
      if (this.#socket === socket) this.#receive(copyBytes(chunk));
    });
    // "close" follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#applet.reset();
      this.#stopRetry = this.#environment.schedule(RETRY, () => this.#connect());
    });
  }

  #receive(chunk: Bytes): void {
    this.#received = concatBytes(this.#received, chunk);
    for (;;) {
      const [high = 0, low = 0] = this.#received;
      const end = 2 + ((high << 8) | low);
      if (this.#received.length < 2 || this.#received.length < end) return;
      const message = this.#received.slice(2, end);
      this.#received = this.#received.slice(end);
      if (message.length === 1) this.#control(message[0]);
      else if (message.length > 1) this.#pass(message, 'in', (apdu) => void this.#transmit(apdu));
    }
  }

  #control(code: number | undefined): void {
    switch (code) {
      case Control.powerOff:
      case Control.powerOn:
      case Control.reset:
        this.#applet.reset();
        break;
      case Control.getAtr:
        this.#send(ATR[this.#authenticator.card.nfcProtocol]);
        break;
      default:
        break;
    }
  }

  async #transmit(apdu: Bytes): Promise<void> {
    const socket = this.#socket;
    const answer = await this.#applet.transmit(apdu);
    // Taken away meanwhile, and perhaps laid back.
    if (this.#socket !== socket) return;
    this.#pass(answer, 'out', (passed) => this.#send(passed));
  }

  #send(message: Uint8Array): void {
    this.#socket?.write(concatBytes(Uint8Array.of(message.length >> 8, message.length & 0xff), message));
  }

  /** Lets an APDU through, or does with it what the hooks say. A reader takes one answer only: there is no second one. */
  #pass(packet: Bytes, direction: Direction, deliver: (packet: Bytes) => void): void {
    if (!this.#plugged) return;
    const fate = decideFate(this.#hooks, packet, direction);
    switch (fate.kind) {
      case 'pass':
      case 'duplicate':
        deliver(packet);
        return;
      case 'drop':
        return;
      case 'delay':
        this.#environment.schedule(fate.ms, () => {
          if (this.#plugged) deliver(packet);
        });
        return;
      case 'replace':
        for (const each of fate.packets) deliver(each);
        return;
      case 'powerLoss':
        this.#applet.reset();
        deliver(packet);
        return;
      case 'disconnect':
        this.unplug();
    }
  }
}
