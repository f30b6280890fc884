import { Argument, type Command } from 'commander';

import { type AccountNames, deleteKeyCredential, listCredentials, renameKeyCredential } from '../credentials.ts';
import { managementFailure } from '../errors.ts';
import type { LargeBlobFate } from '../large-blob-cleanup.ts';
import { describeCredential } from './describe-events.ts';
import { credentialToJson, formatCredentials } from './describe-lists.ts';
import { done, type KeysContext, type KeysFlags, runWithKey } from './keys-run.ts';
import { parseId, withDestruction, withKeyOptions, withPinOption } from './options.ts';

const LARGE_BLOB_NOTES: Readonly<Record<LargeBlobFate, string>> = {
  none: '',
  removed: 'The data that were stored with it are gone too.\n',
  left: 'The data that were stored with it could not be removed. Nobody can read them; the next deletion removes them.\n',
};

/** Adds `credentials list|delete|rename`. */
export function addCredentialCommands(keys: Command, context: KeysContext): void {
  const credentials = keys.command('credentials').description('the credentials (passkeys) that a key holds');
  withPinOption(withKeyOptions(credentials.command('list').description('list them by site')))
    .action((flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => {
        const list = await listCredentials(key);
        if (!list.ok) return list;
        const { existing, maxRemaining } = list.value;
        return done(formatCredentials(list.value), { existing, maxRemaining, credentials: list.value.credentials.map(credentialToJson) });
      }),
    );
  withDestruction(withPinOption(withKeyOptions(credentials.command('delete').description('delete one'))))
    .addArgument(idArgument())
    .action((id: string, flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => {
        const deleted = await deleteKeyCredential(key, id);
        if (!deleted.ok) return deleted;
        const { largeBlob } = deleted.value;
        const text = `Deleted: ${describeCredential(deleted.value)}\n${LARGE_BLOB_NOTES[largeBlob]}`;
        return done(text, { deleted: { ...credentialToJson(deleted.value), largeBlob } });
      }),
    );
  withPinOption(withKeyOptions(credentials.command('rename').description('change the names of the account that the key shows')))
    .addArgument(idArgument())
    .option('--name <name>', 'account name; empty to remove it')
    .option('--display-name <name>', 'name of the person; empty to remove it')
    .action((id: string, flags: KeysFlags & AccountNames) =>
      runWithKey(context, flags, async (key) => {
        const { name, displayName } = flags;
        if (name === undefined && displayName === undefined) {
          return managementFailure('notConfirmed', 'Nothing was changed: give --name, --display-name or both.');
        }
        const names = { ...(name === undefined ? {} : { name }), ...(displayName === undefined ? {} : { displayName }) };
        const renamed = await renameKeyCredential(key, id, names);
        if (!renamed.ok) return renamed;
        return done(`Renamed: ${describeCredential(renamed.value)}\n`, { renamed: credentialToJson(renamed.value) });
      }),
    );
}

function idArgument(): Argument {
  return new Argument('<id>', 'the ID as "credentials list" shows it, or as many of its first digits as no other begins with').argParser(parseId);
}
