import { describe, expect, test } from 'vitest';

import { hasDisplay, parseStartArguments } from './arguments.ts';

describe('arguments of npm start', () => {
  test('without arguments: the virtual key; a window only where there is a display', () => {
    const expected = { json: false, device: 'virtual', browser: undefined };
    expect(parseStartArguments([], true)).toEqual({ ok: true, value: { ...expected, headless: false } });
    expect(parseStartArguments([], false)).toEqual({ ok: true, value: { ...expected, headless: true } });
  });

  test('all of them', () => {
    expect(parseStartArguments(['--headless', '--json', '--device', 'virtual', '--browser', '/opt/b'], true)).toEqual({
      ok: true,
      value: { headless: true, json: true, device: 'virtual', browser: '/opt/b' },
    });
    expect(parseStartArguments(['--device', 'nfc'], true)).toMatchObject({ ok: true, value: { device: 'nfc', headless: false } });
  });

  test.each([
    [['--device', 'ble'], 'no device "ble"'],
    [['--device', 'usb', '--headless'], 'needs a person'],
    [['--colour'], '--colour'],
  ])('%j is refused with a reason', (args, reason) => {
    expect(parseStartArguments(args, true)).toMatchObject({ ok: false, error: expect.stringContaining(reason) as string });
  });

  test('a display is known by the environment on Linux, and always there elsewhere', () => {
    expect(hasDisplay('linux', {})).toBe(false);
    expect(hasDisplay('linux', { DISPLAY: ':0' })).toBe(true);
    expect(hasDisplay('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
    expect(hasDisplay('win32', {})).toBe(true);
  });
});
