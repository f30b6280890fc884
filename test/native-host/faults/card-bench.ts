import type { PcscLite } from '../../../native-host/pcsclite/pcsclite.ts';
import type { Nfc, NfcLibrary } from '../../../native-host/transport/nfc/nfc-library.ts';
import { PcscTransport } from '../../../native-host/transport/nfc/pcsc.ts';
import { startPcscd } from '../../support/pcscd.ts';
import { startVirtualKey } from '../../virtual-key/start.ts';
import { PcscRival } from '../support/pcsc-rival.ts';
import { Host } from './host.ts';
import type { Bench } from './run-matrix.ts';
import { KEY } from './scenarios.ts';

/** Milliseconds until a card that was laid down has shown itself: the service looks a few times a second. */
const ARRIVAL = 2500;
/** Milliseconds that one APDU may take here. */
const APDU_LIMIT = 1000;
/** As many readers as the service takes. */
const HOSTS = 16;

/** Hosts with a key each, on the readers of one PC/SC service. A text says why that cannot be done here. */
export async function startCardBench(): Promise<Bench | string> {
  const pcscd = await startPcscd(HOSTS);
  if (typeof pcscd === 'string') return pcscd;
  // The library reads it once in the life of a process.
  process.env['PCSCLITE_CSOCK_NAME'] = pcscd.socket;
  const virtualKey = await startVirtualKey({ vpcd: pcscd.readers });
  const { client } = virtualKey;
  const hosts: Host[] = [];
  const transports: PcscTransport[] = [];
  for (const { name } of pcscd.readers) {
    const key = await client.addAuthenticator({ protocol: 'ctap2_1', transport: 'nfc', hasResidentKey: true, keystile: KEY });
    const transport = new PcscTransport({ load: () => loadFor(name), apduLimit: APDU_LIMIT });
    const rival = new PcscRival(name);
    transports.push(transport);
    hosts.push(
      new Host({ transport, client, key, arrival: ARRIVAL, isLaidDown: true, rival: (what) => rival.run(what), isFree: () => rival.takeAlone() }),
    );
  }
  return {
    hosts,
    async close() {
      const areEnded = await Promise.all(transports.map((transport) => transport.end(5000)));
      await virtualKey.close();
      await pcscd.close();
      if (areEnded.includes(false)) throw new Error('A call to the PC/SC service never ended.');
    },
  };
}

/** nfc-pcsc with one reader: the hosts of this process must not use each other's keys. */
async function loadFor(reader: string): Promise<NfcLibrary> {
  const { NFC } = await import('nfc-pcsc');
  return {
    NFC: class extends NFC implements Nfc {
      constructor() {
        super();
        const ignore: PcscLite['ignore'] = (name) => name !== reader;
        Object.defineProperty(this.pcsc, 'ignore', { get: () => ignore, set: () => undefined });
      }
    },
  };
}
