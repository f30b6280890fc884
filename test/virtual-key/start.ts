import { type Environment, systemEnvironment } from './authenticator/environment.ts';
import { VirtualKeyClient } from './client.ts';
import { KeyRing } from './control/key-ring.ts';
import { startControlServer } from './control/server.ts';
import type { Slot } from './faces/face.ts';
import { UdpSlot } from './faces/udp.ts';
import { UhidSlot } from './faces/uhid.ts';
import { type VpcdAddress, VpcdSlot } from './faces/vpcd.ts';

/** Where to listen; port 0 picks a free one, and is what `control` is by default. */
export interface VirtualKeyOptions {
  readonly control?: number;
  readonly udp?: readonly number[];
  /** How many keys can be HID devices of this Linux, by `/dev/uhid`; none by default. */
  readonly uhid?: number;
  /** vpcd readers, which NFC keys take in this order. */
  readonly vpcd?: readonly VpcdAddress[];
  /** Clock, timers and randomness, for tests. */
  readonly environment?: Environment;
}

/** Virtual keys that can be plugged in, none at first. */
export interface VirtualKey {
  readonly controlUrl: string;
  readonly controlPort: number;
  /** In the order of the options: the order in which USB keys take them. */
  readonly udpPorts: readonly number[];
  /** A client with a session of its own. */
  readonly client: VirtualKeyClient;
  close(): Promise<void>;
}

/** Starts the control server and binds the slots. Rejects, with nothing left open, when a port is taken or /dev/uhid cannot be opened. */
export async function startVirtualKey(options: VirtualKeyOptions): Promise<VirtualKey> {
  const environment = options.environment ?? systemEnvironment();
  const udpSlots: UdpSlot[] = [];
  const slots: Slot[] = (options.vpcd ?? []).map((target) => new VpcdSlot(target));
  const ring = new KeyRing(slots, environment);
  try {
    for (const port of options.udp ?? []) {
      const slot = await UdpSlot.open(port);
      udpSlots.push(slot);
      slots.push(slot);
    }
    for (let number = 1; number <= (options.uhid ?? 0); number += 1) slots.push(new UhidSlot(number));
    const server = await startControlServer(options.control ?? 0, ring);
    const controlUrl = `http://127.0.0.1:${server.port.toString()}/`;
    return {
      controlUrl,
      controlPort: server.port,
      udpPorts: udpSlots.map(({ port }) => port),
      client: new VirtualKeyClient(controlUrl),
      close: async () => {
        await server.close();
        await ring.close();
      },
    };
  } catch (error) {
    await ring.close();
    throw error;
  }
}
