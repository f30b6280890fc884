import assert from 'node:assert/strict';

import type { GuestCase } from '../case.ts';
import { compareClients, exchangesOf } from '../comparison.ts';
import type { Guest } from '../guest.ts';

/** What ceremonies cost. */
export const EXCHANGE_CASES: readonly GuestCase[] = [
  {
    name: 'the host never needs more exchanges than fido2-cred and fido2-assert for the same job',
    async run(guest: Guest): Promise<void> {
      for (const { job, host, tools } of await compareClients(guest)) {
        assert.ok(exchangesOf(host) <= exchangesOf(tools), `${job}: ${host.commands.join(', ')} against ${tools.commands.join(', ')}`);
      }
    },
  },
];
