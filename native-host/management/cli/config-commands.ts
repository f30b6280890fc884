import { Argument, type Command } from 'commander';

import { type ConfigOutcome, enableKeyEnterpriseAttestation, raiseMinPinLength, requireLongTouchForReset, setAlwaysUv } from '../config.ts';
import { done, type KeysContext, type KeysFlags, type KeysOutput, runWithKey } from './keys-run.ts';
import { parsePinLength, withDestruction, withKeyOptions, withPinOption } from './options.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import type { ManagementError } from '../errors.ts';

interface MinPinLengthFlags extends KeysFlags {
  readonly rpId?: readonly string[];
  readonly forceChange?: boolean;
  readonly complexity?: boolean;
}

/** Adds `config always-uv|min-pin-length|enterprise-attestation|long-touch-for-reset`. */
export function addConfigCommands(keys: Command, context: KeysContext): void {
  const config = keys.command('config').description('settings of a key');
  withPinOption(withKeyOptions(config.command('always-uv').description('have the key verify its user at every use, or no longer')))
    .addArgument(new Argument('<state>').choices(['on', 'off']))
    .action((state: 'on' | 'off', flags: KeysFlags) =>
      runWithKey(context, flags, async (key) => tell(await setAlwaysUv(key, state === 'on'), `Always verify user: ${state}`, { alwaysUv: state === 'on' })),
    );
  withDestruction(withPinOption(withKeyOptions(config.command('min-pin-length').description('raise the minimum PIN length; only a reset lowers it'))))
    .addArgument(new Argument('<characters>').argParser(parsePinLength))
    .option('--rp-id <id...>', 'sites (RP IDs) that may be told the minimum length')
    .option('--force-change', 'the PIN must be changed before its next use')
    .option('--complexity', 'the key is to refuse PINs that it finds too simple (CTAP 2.2)')
    .action((length: number, flags: MinPinLengthFlags) =>
      runWithKey(context, flags, async (key) => {
        const { rpId: rpIds = [], forceChange: forceChangePin = false, complexity = false } = flags;
        const set = await raiseMinPinLength(key, length, { rpIds, forceChangePin, ...(complexity ? { pinComplexityPolicy: true } : {}) });
        const { forcePINChange, minPINLength } = key.info;
        const hint = forcePINChange ? '\nThe PIN must be changed now: keystile keys pin change' : '';
        return tell(set, `Minimum PIN length: ${minPINLength.toString()}`, { minPinLength: minPINLength, forcePinChange: forcePINChange }, hint);
      }),
    );
  withDestruction(withPinOption(withKeyOptions(config.command('enterprise-attestation').description('enable it; only a reset disables it'))))
    .action((flags: KeysFlags) =>
      runWithKey(context, flags, async (key) =>
        tell(await enableKeyEnterpriseAttestation(key), 'Enterprise attestation: on', { enterpriseAttestation: true }),
      ),
    );
  withDestruction(withPinOption(withKeyOptions(config.command('long-touch-for-reset').description('take a reset only after a long touch; only a reset disables it'))))
    .action((flags: KeysFlags) =>
      runWithKey(context, flags, async (key) =>
        tell(await requireLongTouchForReset(key), 'Long touch for a reset: on', { longTouchForReset: true }),
      ),
    );
}

function tell(
  result: Result<ConfigOutcome, ManagementError>,
  text: string,
  json: KeysOutput['json'],
  hint = '',
): Result<KeysOutput, ManagementError> {
  if (!result.ok) return result;
  const note = result.value === 'unchanged' ? ' (as before)' : '';
  return done(`${text}${note}${hint}\n`, { changed: result.value === 'changed', ...json });
}
