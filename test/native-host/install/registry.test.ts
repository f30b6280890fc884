import { expect, test } from 'vitest';

import { parseRegistryExport, readRegistryKey } from '../../../native-host/install/registry.ts';
import { createSandbox } from './sandbox-system.ts';

const EXPORT = [
  'Windows Registry Editor Version 5.00',
  '',
  '[HKEY_LOCAL_MACHINE\\Software\\Policies\\Google\\Chrome]',
  '@="C:\\\\J\u00f6rg\\\\a \\"b\\".json"',
  '"NativeMessagingUserLevelHosts"=dword:00000000',
  '"Blob"=hex:01,02',
  '',
  '[HKEY_LOCAL_MACHINE\\Software\\Policies\\Google\\Chrome\\NativeMessagingBlocklist]',
  '"1"="*"',
  '',
].join('\r\n');

test('an export gives values by name, and subkeys by their path below the key', () => {
  const { values, subkeys } = parseRegistryExport(EXPORT);
  expect(Object.fromEntries(values)).toEqual({ '': 'C:\\J\u00f6rg\\a "b".json', nativemessaginguserlevelhosts: 0 });
  expect([...subkeys.keys()]).toEqual(['nativemessagingblocklist']);
  expect(subkeys.get('nativemessagingblocklist')?.get('1')).toBe('*');
});

test('text that is no export gives an empty key', () => {
  const { values, subkeys } = parseRegistryExport('\ufffd\ufffd nothing of the kind');
  expect(values.size + subkeys.size).toBe(0);
});

test('a key that is not there is no error; the view is passed on', async () => {
  await using sandbox = await createSandbox('windows');
  expect(await readRegistryKey(sandbox.system, 'HKLM\\Software\\Nothing', '32')).toEqual({ ok: true, value: undefined });
  expect(sandbox.calls[0]?.at(-1)).toBe('/reg:32');
});

test('a reg.exe that cannot be started is an error', async () => {
  await using sandbox = await createSandbox('windows');
  const run = (): Promise<{ started: false; detail: string }> => Promise.resolve({ started: false, detail: 'blocked' });
  const result = await readRegistryKey({ ...sandbox.system, run }, 'HKCU\\X');
  expect(result).toMatchObject({ ok: false, error: { kind: 'registry', key: 'HKCU\\X', detail: 'blocked' } });
});
