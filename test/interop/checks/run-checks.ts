import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Transport } from '../../../native-host/transport/device.ts';
import { KeyUnderTest } from '../support/key-under-test.ts';
import { authenticationChecks } from './authentication.ts';
import { type Check, Subject } from './check.ts';
import { extensionChecks } from './extensions.ts';
import { managementChecks } from './management.ts';
import { pinChecks } from './pin.ts';
import { registrationChecks } from './registration.ts';
import { robustnessChecks } from './robustness.ts';
import { withoutPin } from './without-pin.ts';

/** All checks, in the order in which they run: the key is erased first, then gets a PIN. */
export const ALL_CHECKS: readonly Check[] = [
  ...withoutPin,
  ...pinChecks,
  ...registrationChecks,
  ...authenticationChecks,
  ...extensionChecks,
  ...managementChecks,
  ...robustnessChecks,
];

/** An authenticator to check. */
export interface Authenticator {
  readonly transport: Transport;
  readonly close: () => Promise<void>;
}

/**
 * Defines one test for each check, on one authenticator that `start` makes or finds. What is on it is lost: it is erased
 * first, unless it wants its power cycled for that, and is left with a PIN.
 *
 * @param known faults of the authenticator: name of the check, and what happens.
 */
export function defineChecks(
  name: string,
  checks: readonly Check[],
  start: () => Promise<Authenticator>,
  known: Readonly<Record<string, string>> = {},
): void {
  describe(name, () => {
    let authenticator: Authenticator | undefined;
    let subject: Subject | undefined;

    beforeAll(async () => {
      authenticator = await start();
      const key = await KeyUnderTest.find(authenticator.transport);
      const isErased = await key.erase();
      const info = await key.info();
      subject = new Subject(key, info);
      if (!isErased && info.options.clientPin === true) throw new Error('The key has a PIN and cannot be erased now: start it anew.');
    }, 30_000);

    afterAll(async () => {
      subject?.key.close();
      await authenticator?.close();
    });

    for (const { name: title, lacks, run, timeout = 30_000 } of checks) {
      test(
        title,
        async (context) => {
          expect(subject).toBeDefined();
          if (subject === undefined) return;
          const missing = known[title] ?? lacks?.(subject.info);
          if (missing !== undefined) context.skip(missing);
          await run(subject);
        },
        timeout,
      );
    }
  });
}
