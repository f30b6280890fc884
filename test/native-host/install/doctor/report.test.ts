import { expect, test } from 'vitest';

import type { Check } from '../../../../native-host/install/doctor/check.ts';
import { formatReport } from '../../../../native-host/install/doctor/report.ts';

const OK: Check = { id: 'a', state: 'ok', title: 'A is well', detail: 'As it was.' };
const WARNING: Check = { id: 'b', state: 'warning', title: 'B is odd', detail: 'Since today.', remedy: 'Look at B.' };
const PROBLEM: Check = { id: 'c', state: 'problem', title: 'C is gone', detail: 'Nobody knows.', remedy: 'Do:\n\nthis' };
const SKIPPED: Check = { id: 'd', state: 'skipped', title: 'D is elsewhere', detail: '' };

test('each check says what, why and what to do', () => {
  expect(formatReport([OK, WARNING, PROBLEM, SKIPPED])).toBe(
    [
      'ok       A is well',
      '         As it was.',
      'warning  B is odd',
      '         Since today.',
      '         What to do: Look at B.',
      'PROBLEM  C is gone',
      '         Nobody knows.',
      '         What to do: Do:',
      '',
      '         this',
      'skipped  D is elsewhere',
      '',
      '1 problem, 1 warning',
      '',
    ].join('\n'),
  );
});

test('all well is said', () => {
  expect(formatReport([OK, SKIPPED])).toContain('Everything is as it should be.');
});

test('numbers agree with their nouns', () => {
  expect(formatReport([PROBLEM, PROBLEM])).toContain('\n2 problems\n');
});
