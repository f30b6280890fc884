import { describe, expect, it } from 'vitest';

import { createFormats } from '../../../extension/ui/i18n.ts';

describe('createFormats', () => {
  const en = createFormats('en');
  const NOW = Date.UTC(2026, 0, 15, 12);

  it.each([
    [0, 'now'],
    [59_999, 'now'],
    [-5000, 'now'],
    [60_000, '1 minute ago'],
    [3_599_999, '59 minutes ago'],
    [7_200_000, '2 hours ago'],
    [86_400_000, 'yesterday'],
    [259_200_000, '3 days ago'],
  ])('tells that %i ms have passed', (passed, text) => {
    expect(en.relativeTime(NOW - passed, NOW)).toBe(text);
  });

  it.each([
    [3.4, '3 ms'],
    [2340, '2.3 sec'],
    [300_000, '5 min'],
  ])('writes %f ms', (milliseconds, text) => {
    expect(en.duration(milliseconds)).toBe(text);
  });

  it('follows the language', () => {
    const de = createFormats('de');
    expect(de.relativeTime(NOW - 300_000, NOW)).toBe('vor 5 Minuten');
    expect(de.duration(2340)).toContain('2,3');
  });
});
