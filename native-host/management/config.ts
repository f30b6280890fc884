import { success, type Result } from '../../shared/bytes/result.ts';
import {
  ConfigSubcommand,
  enableEnterpriseAttestation,
  enableLongTouchForReset,
  type MinPinLengthParams,
  setMinPinLength,
  toggleAlwaysUv,
} from '../ctap2/config.ts';
import { PinUvAuthPermission, type PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import type { Exchange, ManagedKey } from './managed-key.ts';
import { withToken } from './token.ts';
import { isUnprotected } from './verification-method.ts';

/** What a change of the configuration came to. */
export type ConfigOutcome = 'changed' | 'unchanged';

/**
 * Has the key verify its user at every use, or no longer. There is only a toggle, so that the setting has to be known; keys
 * are met that say `alwaysUv` of themselves, whatever the setting, until the PIN was given.
 */
export async function setAlwaysUv(key: ManagedKey, on: boolean): Promise<Result<ConfigOutcome, ManagementError>> {
  const { authnrCfg, alwaysUv } = key.info.options;
  if (authnrCfg !== true || alwaysUv === undefined) {
    return managementFailure('notSupported', 'This key cannot be set to verify its user always.');
  }
  if (!on && !alwaysUv) return success('unchanged');
  const isSet = (): boolean => (key.info.options.alwaysUv === true) === on;
  const toggled = await configure(key, (token) => (options) => toggleAlwaysUv(key.device, token, options), isSet);
  return !toggled.ok || isSet() ? toggled : managementFailure('deviceError', 'The key says it has changed the setting, but has not.');
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

/**
 * Sends a command of the configuration, with a token where the key is protected, and looks at the key again.
 *
 * @param isSet whether the key says, once its user is verified, that there is nothing to do.
 */
async function configure(
  key: ManagedKey,
  command: (token: PinUvAuthToken | undefined) => Exchange<undefined>,
  isSet?: () => boolean,
): Promise<Result<ConfigOutcome, ManagementError>> {
  const change = async (token: PinUvAuthToken | undefined): Promise<Result<ConfigOutcome, ManagementError>> => {
    if (isSet !== undefined) {
      const seen = await key.refresh();
      if (!seen.ok) return seen;
      if (isSet()) return success('unchanged');
    }
    const done = await key.exchange(command(token));
    return done.ok ? success('changed') : done;
  };
  const outcome = isUnprotected(key.info)
    ? await change(undefined)
    : await withToken(key, PinUvAuthPermission.authenticatorConfiguration, change);
  if (!outcome.ok || outcome.value === 'unchanged') return outcome;
  const info = await key.refresh();
  return info.ok ? outcome : info;
}
