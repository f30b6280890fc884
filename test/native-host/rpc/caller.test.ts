import { describe, expect, test } from 'vitest';

import { identifyCaller } from '../../../native-host/rpc/caller.ts';

const ID = 'abcdefghijklmnopabcdefghijklmnop';
const OTHER = 'ponmlkjihgfedcbaponmlkjihgfedcba';
const ADDON = 'keystile@example.org';
const allowed = { chromium: [ID], firefox: [ADDON] };

describe('who started the host', () => {
  test.each([
    ['Chromium', [`chrome-extension://${ID}/`], { browser: 'chromium', extensionId: ID }],
    ['Chromium on Windows', [`chrome-extension://${ID}/`, '--parent-window=0'], { browser: 'chromium', extensionId: ID }],
    ['behind the option for development', ['--dev', `chrome-extension://${ID}/`], { browser: 'chromium', extensionId: ID }],
    ['Firefox', ['/home/user/manifest.json', ADDON], { browser: 'firefox', extensionId: ADDON }],
  ])('%s', (_name, args, caller) => {
    expect(identifyCaller(args, allowed)).toEqual({ ok: true, value: caller });
  });

  test.each([
    ['nothing', []],
    ['another extension', [`chrome-extension://${OTHER}/`]],
    ['an origin with more behind it', [`chrome-extension://${ID}/x`]],
    ['an origin of another scheme', [`https://${ID}/`]],
    ['another add-on', ['/manifest.json', 'other@example.org']],
    ['an add-on before the path', [ADDON, '/manifest.json']],
    ['an allowed extension with an add-on beside it', [`chrome-extension://${ID}/`, 'other@example.org']],
    ['a Chromium ID in the place of the add-on', ['/manifest.json', ID]],
  ])('%s is refused', (_name, args) => {
    expect(identifyCaller(args, allowed)).toMatchObject({ ok: false, error: { kind: 'callerRefused' } });
  });
});
