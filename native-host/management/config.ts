import { randomBytes } from 'node:crypto';

import { copyBytes } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import {
  ConfigSubcommand,
  enableEnterpriseAttestation,
  enableLongTouchForReset,
  type MinPinLengthParams,
  setMinPinLength,
  toggleAlwaysUv,
} from '../ctap2/config.ts';
import { getAssertion } from '../ctap2/get-assertion.ts';
import { PinUvAuthPermission, type PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import type { Exchange, ManagedKey } from './managed-key.ts';
import { withToken } from './token.ts';
import { isUnprotected } from './verification-method.ts';

/** Bytes of a credential ID that may be a U2F key handle, which a key cannot tell from its own without its secrets. */
const KEY_HANDLE_LENGTH = 64;

/** What a change of the configuration came to. */
export type ConfigOutcome = 'changed' | 'unchanged';

/**
 * Has the key verify its user at every use, or no longer. There is only a toggle, so that the setting has to be known; keys
 * are met that say `alwaysUv` of themselves, whatever the setting, until the PIN was given, and until they have used what
 * it protects. A change that does not show is taken back.
 */
export async function setAlwaysUv(key: ManagedKey, on: boolean): Promise<Result<ConfigOutcome, ManagementError>> {
  const { authnrCfg, alwaysUv } = key.info.options;
  if (authnrCfg !== true || alwaysUv === undefined) {
    return managementFailure('notSupported', 'This key cannot be set to verify its user always.');
  }
  if (!on && !alwaysUv) return success('unchanged');
  const isSet = (): boolean => (key.info.options.alwaysUv === true) === on;
  const toggle: ConfigCommand = (token) => (options) => toggleAlwaysUv(key.device, token, options);
  return configure(key, toggle, {
    async isSet() {
      if (key.info.options.clientPin === true) await useSecrets(key);
      const seen = await key.refresh();
      return seen.ok ? success(isSet()) : seen;
    },
    async undo(run) {
      if (isSet()) return success(undefined);
      const undone = await run(toggle);
      return undone.ok ? managementFailure('deviceError', 'The key does not tell whether it verifies its user always. Nothing was changed.') : undone;
    },
  });
}

/** Has the key look for a credential that nobody has: it uses the secrets that its PIN protects. What it says does not matter. */
async function useSecrets(key: ManagedKey): Promise<void> {
  const id = copyBytes(randomBytes(KEY_HANDLE_LENGTH));
  const query = { rpId: 'keystile.invalid', clientDataHash: new Uint8Array(32), allowList: [{ id, type: 'public-key' }], options: { up: false } } as const;
  await key.exchange((options) => getAssertion(key.device, query, options));
}

/** What is to be set with the minimum PIN length. */
export type MinPinLengthChange = Omit<MinPinLengthParams, 'newMinPinLength'>;

/** Raises the minimum PIN length, after the user has confirmed it: only a reset lowers it again. */
export async function raiseMinPinLength(
  key: ManagedKey,
  length: number,
  change: MinPinLengthChange = {},
): Promise<Result<ConfigOutcome, ManagementError>> {
  const { options, minPINLength, maxRPIDsForSetMinPINLength = 0, maxPINLength, pinComplexityPolicy } = key.info;
  if (options.setMinPINLength !== true) {
    return managementFailure('notSupported', 'The minimum PIN length of this key cannot be set.');
  }
  if (length < minPINLength) {
    const message = `The minimum PIN length is ${minPINLength.toString()} and can only be raised. A reset, which erases the key, lowers it.`;
    return managementFailure('minPinLengthTooSmall', message);
  }
  if (maxPINLength !== undefined && length > maxPINLength) {
    return managementFailure('pinTooLong', `This key takes PINs of at most ${maxPINLength.toString()} characters.`);
  }
  const { rpIds = [], forceChangePin = false } = change;
  // What is switched on already is not asked for again.
  const complexity = change.pinComplexityPolicy === true && pinComplexityPolicy !== true;
  if (complexity && pinComplexityPolicy === undefined) {
    return managementFailure('notSupported', 'This key has no rules on how complex a PIN must be.');
  }
  if (rpIds.length > maxRPIDsForSetMinPINLength) {
    const message = `The key tells the length to ${maxRPIDsForSetMinPINLength.toString()} sites at most.`;
    return managementFailure('notSupported', message);
  }
  if (length === minPINLength && rpIds.length === 0 && !forceChangePin && !complexity) return success('unchanged');
  const loss = { type: 'minPinLength', from: minPINLength, to: length, forcesChange: forceChangePin, ...(complexity ? { complexity } : {}) } as const;
  if (!(await key.user.confirm(loss))) return managementFailure('notConfirmed', 'Nothing was changed.');
  const params: MinPinLengthParams = {
    newMinPinLength: length,
    ...(rpIds.length === 0 ? {} : { rpIds }),
    ...(forceChangePin ? { forceChangePin } : {}),
    ...(complexity ? { pinComplexityPolicy: true } : {}),
  };
  return configure(key, (token) => (bounds) => setMinPinLength(key.device, params, token, bounds));
}

/** Enables enterprise attestation, after the user has confirmed it: only a reset disables it again. */
export async function enableKeyEnterpriseAttestation(key: ManagedKey): Promise<Result<ConfigOutcome, ManagementError>> {
  const { authnrCfg, ep } = key.info.options;
  if (ep === true) return success('unchanged');
  if (authnrCfg !== true || ep === undefined) {
    return managementFailure('notSupported', 'This key has no enterprise attestation.');
  }
  if (!(await key.user.confirm({ type: 'enterpriseAttestation' }))) {
    return managementFailure('notConfirmed', 'Nothing was changed.');
  }
  return configure(key, (token) => (options) => enableEnterpriseAttestation(key.device, token, options));
}

/** Has the key take a reset only after a long touch, after the user has confirmed it: only a reset undoes it. */
export async function requireLongTouchForReset(key: ManagedKey): Promise<Result<ConfigOutcome, ManagementError>> {
  const { options, longTouchForReset, authenticatorConfigCommands = [] } = key.info;
  if (longTouchForReset) return success('unchanged');
  if (options.authnrCfg !== true || !authenticatorConfigCommands.includes(ConfigSubcommand.enableLongTouchForReset)) {
    return managementFailure('notSupported', 'This key cannot be set to want a long touch for a reset.');
  }
  if (!(await key.user.confirm({ type: 'longTouchForReset' }))) return managementFailure('notConfirmed', 'Nothing was changed.');
  return configure(key, (token) => (bounds) => enableLongTouchForReset(key.device, token, bounds));
}

/** A command of the configuration; without a token for a key that nothing protects. */
type ConfigCommand = (token: PinUvAuthToken | undefined) => Exchange<undefined>;

/** Sends one. */
type Run = (command: ConfigCommand) => Promise<Result<undefined, ManagementError>>;

/** What is asked of the key around a command that needs care, while its user is verified. */
interface Care {
  /** Whether there is nothing to do. */
  readonly isSet: () => Promise<Result<boolean, ManagementError>>;
  /** Fails, and takes the change back, when it does not show. */
  readonly undo: (run: Run) => Promise<Result<undefined, ManagementError>>;
}

/** Sends a command of the configuration, with a token where the key is protected, and looks at the key again. */
async function configure(
  key: ManagedKey,
  command: ConfigCommand,
  care?: Care,
): Promise<Result<ConfigOutcome, ManagementError>> {
  const change = async (run: Run): Promise<Result<ConfigOutcome, ManagementError>> => {
    const isSet = await care?.isSet();
    if (isSet?.ok === false) return isSet;
    if (isSet?.value === true) return success('unchanged');
    const done = await run(command);
    if (!done.ok) return done;
    const info = await key.refresh();
    if (!info.ok) return info;
    const kept = await care?.undo(run);
    return kept?.ok === false ? kept : success('changed');
  };
  if (isUnprotected(key.info)) return change((each) => key.exchange(each(undefined)));
  return withToken(key, PinUvAuthPermission.authenticatorConfiguration, change);
}
