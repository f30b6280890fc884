import { UdpTransport } from '../../../native-host/transport/udp/udp.ts';
import { startVirtualKey } from '../../virtual-key/start.ts';
import { Host } from './host.ts';
import type { Bench } from './run-matrix.ts';
import { KEY } from './scenarios.ts';

/** Milliseconds until a key that was plugged in has shown itself: it is asked every 200. */
const ARRIVAL = 900;
const HOSTS = 24;

/** Hosts with a key each, over datagrams. */
export async function startHidBench(): Promise<Bench> {
  const virtualKey = await startVirtualKey({ udp: Array.from({ length: HOSTS }, () => 0) });
  const { client } = virtualKey;
  const hosts: Host[] = [];
  for (const port of virtualKey.udpPorts) {
    const key = await client.addAuthenticator({ protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, keystile: KEY });
    const transport = new UdpTransport([{ host: '127.0.0.1', port }]);
    // A channel belongs to its opener, who has closed it: the next opening shows that it is gone.
    hosts.push(new Host({ transport, client, key, arrival: ARRIVAL, isLaidDown: false, isFree: () => Promise.resolve() }));
  }
  return { hosts, close: () => virtualKey.close() };
}
