import { expect } from 'vitest';

import { describeManagedKey } from '../../../native-host/management/describe-key.ts';
import { changeKeyPin, setKeyPin } from '../../../native-host/management/pin.ts';
import { must } from '../support/must.ts';
import { Person } from '../support/person.ts';
import { registrationRequest } from '../support/site.ts';
import { type Check, FIRST_PIN, PIN, type Subject } from './check.ts';

const WRONG = 'not-the-pin';

/** Setting, changing and mistyping the PIN. */
export const pinChecks: readonly Check[] = [
  {
    name: 'sets a PIN',
    async run(subject: Subject): Promise<void> {
      must(await subject.key.manage(new Person({ newPin: FIRST_PIN }), setKeyPin));
      subject.pin = FIRST_PIN;
      expect((await subject.key.info()).options.clientPin).toBe(true);
    },
  },
  {
    name: 'changes it',
    async run(subject: Subject): Promise<void> {
      must(await subject.key.manage(new Person({ pins: [FIRST_PIN], newPin: PIN }), changeKeyPin));
      subject.pin = PIN;
      await subject.register({ userVerification: 'required' });
    },
  },
  {
    name: 'a wrong PIN costs exactly one try, is told, and the right one restores the count',
    async run(subject: Subject): Promise<void> {
      const before = must(await subject.key.manage(subject.person(), describeManagedKey)).pin?.pinRetries ?? 0;
      const person = new Person({ pins: [WRONG] });
      const { result } = await subject.key.run(registrationRequest({ userVerification: 'required' }).request, person);
      expect(result.ok).toBe(false);
      expect(person.questions.at(-1)).toStrictEqual({ reason: 'wrong', pinRetries: before - 1 });
      const careful = new Person({ pins: [WRONG, PIN] });
      await subject.register({ userVerification: 'required' }, careful);
      expect(careful.questions.map(({ reason }) => reason)).toStrictEqual(['needed', 'wrong']);
      expect(must(await subject.key.manage(subject.person(), describeManagedKey)).pin?.pinRetries).toBe(before);
    },
  },
];
