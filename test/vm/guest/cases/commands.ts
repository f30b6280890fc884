import assert from 'node:assert/strict';

import type { GuestCase } from '../case.ts';
import { type Guest, NOBODY } from '../guest.ts';

interface ListedKeys {
  readonly ok: boolean;
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

interface Diagnosis {
  readonly checks: readonly { readonly id: string; readonly state: string; readonly detail: string; readonly remedy?: string }[];
}

/** The `keystile` command with true device files. */
export const COMMAND_CASES: readonly GuestCase[] = [
  {
    name: 'keystile keys list tells every key apart',
    async run(guest: Guest): Promise<void> {
      const first = await guest.deviceOf(await guest.fixture.plug({ pin: '1234' }));
      const second = await guest.deviceOf(await guest.fixture.plug({}, 'ctap1/u2f'));
      const { code, stdout, stderr } = await guest.keystile(['keys', 'list', '--json']);
      assert.equal(code, 0, stderr);
      const { ok, keys } = JSON.parse(stdout) as ListedKeys;
      assert.equal(ok, true);
      const byName = keys.toSorted((left, right) => String(left['productName']).localeCompare(String(right['productName'])));
      assert.deepEqual(
        byName.map(({ productName, transport, state, pin }) => ({ productName, transport, state, pin })),
        [
          { productName: 'Keystile virtual key 1', transport: 'usb', state: 'ready', pin: 'set' },
          { productName: 'Keystile virtual key 2', transport: 'usb', state: 'ready', pin: undefined },
        ],
      );
      assert.deepEqual(byName.map(({ id }) => String(id).split(':')[1]), [first, second]);
    },
  },
  {
    name: 'keystile keys list tells a key that may not be opened, with the remedy',
    async run(guest: Guest): Promise<void> {
      await guest.deviceOf(await guest.fixture.plug());
      const { stdout } = await guest.keystile(['keys', 'list', '--json'], { user: NOBODY });
      const { keys } = JSON.parse(stdout) as ListedKeys;
      assert.equal(keys.length, 1);
      assert.equal(keys[0]?.['state'], 'failed');
      assert.equal(keys[0]['reason'], 'accessDenied');
      const message = String(keys[0]['message']);
      assert.ok(message.includes('keystile doctor'), message);
    },
  },
  {
    name: 'keystile doctor finds the key, and what is wrong when it may not be opened',
    async run(guest: Guest): Promise<void> {
      const device = await guest.deviceOf(await guest.fixture.plug());
      const diagnose = async (user?: number): Promise<Diagnosis['checks'][number] | undefined> => {
        const { stdout, stderr } = await guest.keystile(['doctor', '--json'], user === undefined ? {} : { user });
        assert.notEqual(stdout, '', stderr);
        return (JSON.parse(stdout) as Diagnosis).checks.find(({ id }) => id === 'udev');
      };
      const allowed = await diagnose();
      assert.deepEqual([allowed?.state, allowed?.detail], ['ok', device]);
      const denied = await diagnose(NOBODY);
      assert.equal(denied?.state, 'problem');
      assert.ok(denied.detail.includes(device) && denied.remedy?.includes('/etc/udev/rules.d/') === true, JSON.stringify(denied));
    },
  },
];
