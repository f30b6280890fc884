import { describe, test } from 'vitest';

import { parseUdpPairs } from '../../native-host/transport/udp/pairs.ts';
import { UdpTransport } from '../../native-host/transport/udp/udp.ts';
import { ALL_CHECKS, defineChecks } from './checks/run-checks.ts';

/** Authenticators at hand that speak CTAPHID in UDP datagrams: `host:port[:replyPort]`, several separated by commas. They are erased. */
const VARIABLE = 'KEYSTILE_INTEROP_HID_UDP';

const value = process.env[VARIABLE] ?? '';
const pairs = parseUdpPairs(value);
if (!pairs.ok) throw new Error(`${VARIABLE}: ${pairs.error}`);

for (const pair of pairs.value) {
  defineChecks(`the authenticator at port ${pair.port.toString()}`, ALL_CHECKS, () =>
    Promise.resolve({ transport: new UdpTransport([pair]), close: () => Promise.resolve() }),
  );
}

describe.runIf(pairs.value.length === 0)('authenticators over UDP', () => {
  test('other authenticators', (context) => context.skip(`${VARIABLE} names none (host:port[:replyPort]).`));
});
