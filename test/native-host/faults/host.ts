import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { createKeyAccess, type KeyAccess } from '../../../native-host/ceremony/key-access.ts';
import type { Transport } from '../../../native-host/transport/device.ts';
import type { PacketFault } from '../../virtual-key/faces/faults.ts';
import type { VirtualKeyClient } from '../../virtual-key/client.ts';
import { WatchedTransport } from './watched-transport.ts';

/** How one kind of transport is tested. */
export interface HostParams {
  readonly transport: Transport;
  readonly client: VirtualKeyClient;
  /** The virtual key's name of the key. */
  readonly key: string;
  /** Milliseconds until a key that was put back has shown itself. */
  readonly arrival: number;
  /** The key is laid down when the ceremony asks for it: one that lies there already needs a new tap. */
  readonly isLaidDown: boolean;
  /** Another program resets the card, or selects another applet on it. */
  readonly rival?: (what: 'reset' | 'select') => Promise<void>;
  /** Resolves when another program can have the key for itself; rejects when it cannot for long. */
  readonly isFree: () => Promise<void>;
}

/** One host with one key: what every case of the matrix runs on, one after the other. */
export class Host {
  readonly params: HostParams;
  readonly transport: WatchedTransport;
  readonly keys: KeyAccess;
  readonly #client: VirtualKeyClient;
  readonly #key: string;

  constructor(params: HostParams) {
    this.params = params;
    this.transport = new WatchedTransport(params.transport);
    this.keys = createKeyAccess([this.transport]);
    this.#client = params.client;
    this.#key = params.key;
  }

  /** Sets a fault on the key, counted from now. */
  arm(fault: PacketFault): Promise<void> {
    return this.#client.configure(this.#key, { faults: [fault] });
  }

  /** Takes the faults away; what the key was doing goes on. */
  disarm(): Promise<void> {
    return this.#client.configure(this.#key, { faults: [] });
  }

  plug(): Promise<void> {
    return this.#client.plug(this.#key);
  }

  unplug(): Promise<void> {
    return this.#client.unplug(this.#key);
  }

  /** What a person does with a key that does not answer. */
  async replug(): Promise<void> {
    await this.disarm();
    await this.#client.powerCycle(this.#key);
  }

  /** One of the credentials that the key holds. */
  async credentialId(): Promise<Bytes> {
    const [credential] = await this.#client.getCredentials(this.#key);
    const id = decodeBase64url(credential?.credentialId ?? '');
    if (id === undefined || id.length === 0) throw new Error('The key holds no credential.');
    return id;
  }

  state(): ReturnType<VirtualKeyClient['state']> {
    return this.#client.state(this.#key);
  }
}
