import type {
  CallOptions,
  Device,
  DeviceDescriptor,
  TransportError,
} from '../../../native-host/transport/device.ts';
import { UdpTransport } from '../../../native-host/transport/udp/udp.ts';
import type { AuthenticatorConfig, Knobs } from '../../virtual-key/client.ts';
import { type VirtualKey, startVirtualKey } from '../../virtual-key/start.ts';

/** What a watcher was told, and a way to wait for it. */
export class WatchLog {
  readonly events: string[] = [];
  readonly denied: TransportError[] = [];
  #wake: () => void = () => undefined;

  readonly listener = {
    added: ({ id }: DeviceDescriptor): void => this.#record(`added ${id}`),
    removed: (id: string): void => this.#record(`removed ${id}`),
    denied: ({ id }: DeviceDescriptor, error: TransportError): void => {
      this.denied.push(error);
      this.#record(`denied ${id}`);
    },
  };

  /** Resolves when there are that many events. The test's own time limit bounds it. */
  async count(events: number): Promise<readonly string[]> {
    while (this.events.length < events) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.events;
  }

  #record(event: string): void {
    this.events.push(event);
    this.#wake();
  }
}

/** A virtual key over real datagrams, and the host's transport for it. */
export interface UdpKeys {
  readonly virtualKey: VirtualKey;
  readonly transport: UdpTransport;
  /** Plugs a key in and returns the virtual key's name for it. */
  plugIn(knobs?: Knobs, protocol?: AuthenticatorConfig['protocol']): Promise<string>;
  /** Opens the key in the given slot. Throws when that fails. */
  open(slot?: number): Promise<Device>;
  idOf(slot: number): string;
  close(): Promise<void>;
}

/** Starts the virtual key with empty slots. */
export async function startUdpKeys(slots = 1): Promise<UdpKeys> {
  const virtualKey = await startVirtualKey({ udp: Array.from({ length: slots }, () => 0) });
  const pairs = virtualKey.udpPorts.map((port) => ({ host: '127.0.0.1', port }));
  const transport = new UdpTransport(pairs);
  const opened: Device[] = [];
  const idOf = (slot: number): string => `udp:127.0.0.1:${(virtualKey.udpPorts[slot] ?? 0).toString()}`;
  await virtualKey.client.attach();
  return {
    virtualKey,
    transport,
    idOf,
    plugIn: (knobs = {}, protocol = 'ctap2_1') =>
      virtualKey.client.addAuthenticator({ protocol, transport: 'usb', hasResidentKey: true, keystile: knobs }),
    open: async (slot = 0) => {
      const device = await transport.open(idOf(slot), new AbortController().signal);
      if (!device.ok) throw new Error(device.error.detail);
      opened.push(device.value);
      return device.value;
    },
    close: async () => {
      await Promise.all(opened.map((device) => device.close()));
      await virtualKey.close();
    },
  };
}

/** Options of a call that nobody cancels. */
export function callOptions(more: Partial<CallOptions> = {}): CallOptions {
  return { signal: new AbortController().signal, stallTimeout: 5000, ...more };
}
