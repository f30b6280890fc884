import type { CallOptions, Device, DeviceDescriptor, TransportError } from '../../../native-host/transport/device.ts';
import type { NfcLibrary } from '../../../native-host/transport/nfc/nfc-library.ts';
import { type PcscOptions, PcscTransport } from '../../../native-host/transport/nfc/pcsc.ts';
import { type Pcscd, startPcscd } from '../../support/pcscd.ts';
import type { AuthenticatorConfig, Knobs } from '../../virtual-key/client.ts';
import { startVirtualKey, type VirtualKey } from '../../virtual-key/start.ts';

/** What a watcher of cards was told, and a way to wait for it. */
export class CardLog {
  readonly added: DeviceDescriptor[] = [];
  readonly removed: string[] = [];
  #wake: () => void = () => undefined;

  readonly listener = {
    added: (descriptor: DeviceDescriptor): void => this.#record(() => this.added.push(descriptor)),
    removed: (id: string): void => this.#record(() => this.removed.push(id)),
    denied: (descriptor: DeviceDescriptor, error: TransportError): never => {
      throw new Error(`Denied: ${descriptor.id}, ${error.detail}`);
    },
  };

  /** The n-th card (from 0), once it is there. The test's own time limit bounds the wait. */
  async card(index: number): Promise<DeviceDescriptor> {
    for (;;) {
      const descriptor = this.added[index];
      if (descriptor !== undefined) return descriptor;
      await this.#change();
    }
  }

  async removals(count: number): Promise<void> {
    while (this.removed.length < count) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #record(change: () => void): void {
    change();
    this.#wake();
  }
}

/** Virtual keys on the readers of a real PC/SC service, and the host's transport for them. */
export class PcscKeys {
  readonly pcscd: Pcscd;
  readonly virtualKey: VirtualKey;
  readonly #ends: (() => Promise<unknown>)[] = [];

  private constructor(pcscd: Pcscd, virtualKey: VirtualKey) {
    this.pcscd = pcscd;
    this.virtualKey = virtualKey;
  }

  /** One for each test file, before anything uses PC/SC. A text says why that cannot be done here. */
  static async start(): Promise<PcscKeys | string> {
    const pcscd = await startPcscd();
    if (typeof pcscd === 'string') return pcscd;
    // The library reads it once in the life of a process.
    process.env['PCSCLITE_CSOCK_NAME'] = pcscd.socket;
    return new PcscKeys(pcscd, await startVirtualKey({ vpcd: pcscd.readers }));
  }

  /** Lays a key on the next free reader. */
  layDown(knobs: Knobs = {}, protocol: AuthenticatorConfig['protocol'] = 'ctap2_1'): Promise<string> {
    return this.virtualKey.client.addAuthenticator({ protocol, transport: 'nfc', hasResidentKey: true, keystile: knobs });
  }

  /** A transport that is ended with the test. */
  transport(options?: PcscOptions): PcscTransport {
    const transport = new PcscTransport(options);
    this.#ends.push(() => transport.end(5000));
    return transport;
  }

  /** Watches until the end of the test. */
  watch(transport: PcscTransport): CardLog {
    const log = new CardLog();
    const stop = transport.watch(log.listener);
    this.#ends.unshift(() => {
      stop();
      return Promise.resolve();
    });
    return log;
  }

  /**
   * Watches until the end of the test; resolves when every reader was looked at. A card that is laid down before counts as
   * one that lay there: how fast the library loads and the service answers decides.
   */
  async watchOnceLooked(): Promise<CardLog> {
    let looked: () => void = () => undefined;
    const hasLooked = new Promise<void>((resolve) => (looked = resolve));
    const log = this.watch(this.transport({ load: async () => tellingOfFirstLook(await import('nfc-pcsc'), looked) }));
    await hasLooked;
    return log;
  }

  /** Lays a key down and opens it. */
  async open(knobs: Knobs = {}, options: PcscOptions = {}, protocol?: AuthenticatorConfig['protocol']): Promise<OpenKey> {
    const transport = this.transport(options);
    const log = this.watch(transport);
    const id = await this.layDown(knobs, protocol);
    const device = await openDevice(transport, (await log.card(0)).id);
    this.#ends.unshift(() => device.close());
    return { id, device, transport, log };
  }

  /** Ends what the test has begun, and takes all keys away. */
  async reset(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
    await this.virtualKey.client.detach();
  }

  async close(): Promise<void> {
    await this.reset();
    await this.virtualKey.close();
    await this.pcscd.close();
  }
}

/** The library, whose main object tells when each of the first readers has given its state. */
function tellingOfFirstLook({ NFC }: NfcLibrary, looked: () => void): NfcLibrary {
  return {
    NFC: class extends NFC {
      constructor() {
        super();
        const { pcsc } = this;
        pcsc.once('listed', () => {
          const states = Object.values(pcsc.readers).map((reader) => new Promise((resolve) => reader.once('status', resolve)));
          void Promise.all(states).then(looked);
        });
      }
    },
  };
}

/** A key that lies on a reader and is open. */
export interface OpenKey {
  /** The virtual key's name of it. */
  readonly id: string;
  readonly device: Device;
  readonly transport: PcscTransport;
  readonly log: CardLog;
}

/** Opens a card. Throws when that fails. */
export async function openDevice(transport: PcscTransport, id: string): Promise<Device> {
  const device = await transport.open(id, new AbortController().signal);
  if (!device.ok) throw new Error(`${device.error.problem}: ${device.error.detail}`);
  return device.value;
}

/** Options of a call that nobody cancels. */
export function callOptions(more: Partial<CallOptions> = {}): CallOptions {
  return { signal: new AbortController().signal, stallTimeout: 5000, ...more };
}
