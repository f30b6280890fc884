import { describe, test } from 'vitest';

import { PcscTransport } from '../../native-host/transport/nfc/pcsc.ts';
import { ALL_CHECKS, defineChecks } from './checks/run-checks.ts';

/** Set to 1: the authenticator that lies on the only occupied reader of the PC/SC service is checked. It is erased. */
const VARIABLE = 'KEYSTILE_INTEROP_PCSC';

/** Milliseconds for the library to let go of the service. */
const END_TIMEOUT = 5000;

const isWanted = process.env[VARIABLE] === '1';

if (isWanted) {
  defineChecks('the authenticator on the reader', ALL_CHECKS, () => {
    const transport = new PcscTransport();
    return Promise.resolve({
      transport,
      close: async () => {
        await transport.end(END_TIMEOUT);
      },
    });
  });
}

describe.runIf(!isWanted)('authenticators over PC/SC', () => {
  test('other authenticators', (context) => context.skip(`${VARIABLE} is not 1.`));
});
