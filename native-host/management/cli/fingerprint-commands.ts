import { Argument, type Command } from 'commander';

import { enrolKeyFingerprint } from '../enrol-fingerprint.ts';
import { deleteKeyFingerprint, listFingerprints, renameKeyFingerprint } from '../fingerprints.ts';
import { fingerprintToJson, formatFingerprint, formatFingerprints } from './describe-lists.ts';
import { done, type KeysContext, type KeysFlags, runWithKey } from './keys-run.ts';
import { parseId, withDestruction, withKeyOptions, withPinOption } from './options.ts';

/** Adds `fingerprints enrol|list|rename|delete`. */
export function addFingerprintCommands(keys: Command, context: KeysContext): void {
  const fingerprints = keys.command('fingerprints').description('the fingerprints that a key with a sensor knows');
  withPinOption(withKeyOptions(fingerprints.command('enrol').alias('enroll').description('teach the key a finger')))
    .option('--name <name>', 'a name for it')
    .action((flags: KeysFlags & { readonly name?: string }) =>
      runWithKey(context, flags, async (key) => {
        const enrolled = await enrolKeyFingerprint(key, flags.name);
        if (!enrolled.ok) return enrolled;
        const note = flags.name !== undefined && enrolled.value.name === undefined ? 'The key did not take the name.\n' : '';
        return done(`Enrolled: ${formatFingerprint(enrolled.value)}\n${note}`, { enrolled: fingerprintToJson(enrolled.value) });
      }),
    );
  withPinOption(withKeyOptions(fingerprints.command('list').description('list them')))
    .action((flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => {
        const list = await listFingerprints(key);
        return list.ok ? done(formatFingerprints(list.value), { fingerprints: list.value.map(fingerprintToJson) }) : list;
      }),
    );
  withPinOption(withKeyOptions(fingerprints.command('rename').description('name one')))
    .addArgument(idArgument())
    .argument('<name>', 'the new name')
    .action((id: string, name: string, flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => {
        const renamed = await renameKeyFingerprint(key, id, name);
        if (!renamed.ok) return renamed;
        return done(`Renamed: ${formatFingerprint(renamed.value)}\n`, { renamed: fingerprintToJson(renamed.value) });
      }),
    );
  withDestruction(withPinOption(withKeyOptions(fingerprints.command('delete').description('delete one'))))
    .addArgument(idArgument())
    .action((id: string, flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => {
        const deleted = await deleteKeyFingerprint(key, id);
        if (!deleted.ok) return deleted;
        return done(`Deleted: ${formatFingerprint(deleted.value)}\n`, { deleted: fingerprintToJson(deleted.value) });
      }),
    );
}

function idArgument(): Argument {
  return new Argument('<id>', 'the ID as "fingerprints list" shows it, or as many of its first digits as no other begins with').argParser(parseId);
}
