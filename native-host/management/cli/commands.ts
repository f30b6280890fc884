import type { Command } from 'commander';

import { changeKeyPin, setKeyPin } from '../pin.ts';
import { resetKey } from '../reset.ts';
import { winkKey } from '../wink.ts';
import { withDevice } from '../with-key.ts';
import { describeManagedKey } from '../describe-key.ts';
import { addConfigCommands } from './config-commands.ts';
import { addCredentialCommands } from './credential-commands.ts';
import { formatReport, reportToJson } from './describe-report.ts';
import { addFingerprintCommands } from './fingerprint-commands.ts';
import { done, type KeysContext, type KeysFlags, pickKey, runKeys, runWithKey } from './keys-run.ts';
import { listKeys } from './list-keys.ts';
import { withDestruction, withKeyOptions, withPinOption } from './options.ts';

/** Adds `keys` with all its subcommands to the `keystile` command. */
export function addKeysCommands(program: Command, context: KeysContext): void {
  const keys = program.command('keys').description('manage security keys: PIN, credentials, fingerprints, settings, reset');
  withKeyOptions(keys.command('list').description('show the keys that are there'), 'all')
    .action((flags: KeysFlags) => runKeys(context, flags, listKeys));
  withKeyOptions(keys.command('info').description('show what a key is, can do, and is set to'))
    .action((flags: KeysFlags) =>
      runWithKey(context, flags, async (key, descriptor) => {
        const report = await describeManagedKey(key);
        return report.ok ? done(formatReport(descriptor, report.value), { key: reportToJson(descriptor, report.value) }) : report;
      }),
    );
  withKeyOptions(keys.command('wink').description('let a key blink, to see which one it is'))
    .action((flags: KeysFlags) =>
      runKeys(context, flags, async (session) => {
        const descriptor = await pickKey(session, flags);
        if (!descriptor.ok) return descriptor;
        const { access, signal } = session;
        const winked = await withDevice(access, descriptor.value.id, signal, (device) => winkKey(device, signal));
        return winked.ok ? done('The key blinks now.\n', {}) : winked;
      }),
    );
  addPinCommands(keys, context);
  addCredentialCommands(keys, context);
  addFingerprintCommands(keys, context);
  addConfigCommands(keys, context);
  withDestruction(withKeyOptions(keys.command('reset').description('erase a key: credentials, PIN, fingerprints, settings')))
    .action((flags: KeysFlags) =>
      runKeys(context, flags, async (session) => {
        const descriptor = await pickKey(session, flags);
        if (!descriptor.ok) return descriptor;
        const reset = await resetKey(session, descriptor.value);
        return reset.ok ? done('The key was erased and is as new.\n', {}) : reset;
      }),
    );
}

function addPinCommands(keys: Command, context: KeysContext): void {
  const pin = keys.command('pin').description('set or change the PIN');
  withPinOption(withKeyOptions(pin.command('set').description('give a key its first PIN')), 'the new PIN')
    .action((flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => {
        const set = await setKeyPin(key);
        return set.ok ? done('The PIN is set.\n', {}) : set;
      }),
    );
  withPinOption(withKeyOptions(pin.command('change').description('change the PIN')), 'the present PIN and then the new one, a line each')
    .action((flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => {
        const changed = await changeKeyPin(key);
        return changed.ok ? done('The PIN is changed.\n', {}) : changed;
      }),
    );
}
