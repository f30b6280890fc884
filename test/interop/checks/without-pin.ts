import { expect } from 'vitest';

import type { Check, Subject } from './check.ts';

/** What works before the key has a PIN. */
export const withoutPin: readonly Check[] = [
  {
    name: 'registers and signs in without a PIN',
    lacks: ({ options }) => (options.alwaysUv === true ? 'the key verifies its user always' : undefined),
    async run(subject: Subject): Promise<void> {
      const credential = await subject.register({ userVerification: 'discouraged' });
      const { data } = await subject.signIn([credential], { userVerification: 'discouraged' });
      expect(data.userPresent).toBe(true);
    },
  },
  {
    name: 'a required verification has the person set a PIN or is refused',
    async run(subject: Subject): Promise<void> {
      const reason = await subject.refusal({ userVerification: 'required' });
      expect(['cancelledByUser', 'unsupportedRequirement']).toContain(reason);
    },
  },
];
