import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { expect, test } from 'vitest';

import { UDEV_RULE, UDEV_RULE_FILE } from '../../../native-host/install/udev-rule.ts';

test('the rule sorts after systemd’s detection and before access is given out', () => {
  expect(['73-seat-late.rules', UDEV_RULE_FILE, '60-fido-id.rules'].sort()).toEqual([
    '60-fido-id.rules',
    UDEV_RULE_FILE,
    '73-seat-late.rules',
  ]);
});

test('every jump has its label', () => {
  const targets = [...UDEV_RULE.matchAll(/GOTO="(\w+)"/g)].map(([, name]) => name);
  const labels = [...UDEV_RULE.matchAll(/LABEL="(\w+)"/g)].map(([, name]) => name);
  expect(new Set(targets)).toEqual(new Set(labels));
});

/** Runs the rule's own command the way udev does: substitutions made, no shell but the one it names. */
function matchesDescriptor(descriptor: readonly number[]): boolean {
  const [, command = '', pattern = ''] = /PROGRAM=="(.*)", RESULT=="(.*?)"/.exec(UDEV_RULE) ?? [];
  const sysfs = mkdtempSync(path.join(os.tmpdir(), 'keystile-sysfs-'));
  try {
    const devpath = '/devices/pci0000:00/usb1/1-1/0003:1050:0407.0001/hidraw/hidraw0';
    mkdirSync(path.join(sysfs, devpath, 'device'), { recursive: true });
    writeFileSync(path.join(sysfs, devpath, 'device/report_descriptor'), Uint8Array.from(descriptor));
    const [, shell = '', script = ''] = /^(\S+) -c '(.*)'$/.exec(command) ?? [];
    const output = execFileSync(shell, ['-c', script.replace('%S', sysfs).replace('%p', devpath)], { encoding: 'utf8' });
    return output.trim().includes(pattern.replaceAll('*', ''));
  } finally {
    rmSync(sysfs, { recursive: true });
  }
}

test('without systemd’s help, it knows a FIDO key by its report descriptor', () => {
  expect(matchesDescriptor([0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01])).toBe(true);
});

test('a keyboard is none', () => {
  expect(matchesDescriptor([0x05, 0x01, 0x09, 0x06, 0xa1, 0x01])).toBe(false);
});
