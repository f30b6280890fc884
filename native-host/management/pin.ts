import type { Bytes } from '../../shared/bytes/bytes.ts';
import { success, type Result } from '../../shared/bytes/result.ts';
import { changePin } from '../ctap2/client-pin/change-pin.ts';
import { setPin } from '../ctap2/client-pin/set-pin.ts';
import { validateNewPin } from '../ctap2/pin-uv-auth/pin.ts';
import { type ManagementError, managementFailure } from './errors.ts';
import type { NewPinQuestion, PinRules } from './key-user.ts';
import type { ManagedKey } from './managed-key.ts';
import { chooseProtocol, readPinRetries } from './pin-retries.ts';
import { noPin } from './token.ts';

/** CTAP 2.2 §6.5.1. */
const MAX_PIN_BYTES = 63;

/** Characters of an address that is shown. */
const MAX_ADDRESS_LENGTH = 200;

const NEW_PIN_FAILURES = {
  tooShort: 'pinTooShort',
  tooLong: 'pinTooLong',
  refused: 'pinPolicy',
} as const;

/** Gives a key its first PIN. */
export async function setKeyPin(key: ManagedKey): Promise<Result<undefined, ManagementError>> {
  const { clientPin } = key.info.options;
  if (clientPin === undefined) return managementFailure('notSupported', 'This key cannot have a PIN.');
  if (clientPin) return managementFailure('pinAlreadySet', 'The key has a PIN already. To change it: keystile keys pin change');
  const protocol = chooseProtocol(key);
  if (!protocol.ok) return protocol;
  return withNewPin(key, (pin) => key.exchange((options) => setPin(key.device, protocol.value, pin, options)));
}

/** Changes a key's PIN. The present one is asked for until it is right, the user has none to give, or the key takes no more. */
export async function changeKeyPin(key: ManagedKey): Promise<Result<undefined, ManagementError>> {
  const { clientPin } = key.info.options;
  if (clientPin === undefined) return managementFailure('notSupported', 'This key cannot have a PIN.');
  if (!clientPin) return managementFailure('pinNotSet', 'The key has no PIN. To set one: keystile keys pin set');
  const protocol = chooseProtocol(key);
  if (!protocol.ok) return protocol;
  let wrong: ManagementError | undefined;
  for (;;) {
    const retries = await readPinRetries(key);
    if (!retries.ok) return retries;
    const old = await key.user.askPin({ reason: wrong === undefined ? 'needed' : 'wrong', pinRetries: retries.value });
    if (key.signal.aborted) return managementFailure('cancelled', 'Cancelled.');
    if (old === undefined) return noPin(wrong, retries.value);
    const changed = await withNewPin(key, (pin) =>
      key.exchange((options) => changePin(key.device, protocol.value, old, pin, options)),
    );
    if (changed.ok || changed.error.reason !== 'pinInvalid') return changed;
    wrong = changed.error;
  }
}

/** Asks for a new PIN until it keeps the rules, and has it written. */
async function withNewPin(
  key: ManagedKey,
  write: (pin: Bytes) => Promise<Result<undefined, ManagementError>>,
): Promise<Result<undefined, ManagementError>> {
  const rules = pinRules(key);
  const { minLength, maxLength } = rules;
  let problem: NewPinQuestion['problem'];
  for (;;) {
    const text = await key.user.askNewPin({ ...rules, ...(problem === undefined ? {} : { problem }) });
    if (key.signal.aborted) return managementFailure('cancelled', 'Cancelled.');
    if (text === undefined) return noNewPin(problem, rules);
    const pin = validateNewPin(text, minLength, maxLength);
    if (!pin.ok) {
      problem = pin.error;
      continue;
    }
    const written = await write(pin.value);
    pin.value.fill(0);
    if (written.ok || written.error.reason !== 'pinPolicy') {
      if (written.ok) await key.refresh();
      return written.ok ? success(undefined) : written;
    }
    problem = 'refused';
  }
}

/** What the key tells of its rules for PINs (CTAP 2.2 §6.4: `minPINLength`, `maxPINLength`, `pinComplexityPolicyURL`). */
function pinRules({ info }: ManagedKey): PinRules {
  const { minPINLength, maxPINLength, pinComplexityPolicy, pinComplexityPolicyURL } = info;
  const policyUrl = pinComplexityPolicy === true ? parseWebAddress(pinComplexityPolicyURL) : undefined;
  return {
    minLength: minPINLength,
    ...(maxPINLength === undefined ? {} : { maxLength: maxPINLength }),
    ...(policyUrl === undefined ? {} : { policyUrl }),
  };
}

/** A key may say anything: only what is an address of the web is told on, in its ASCII form. */
function parseWebAddress(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === 'https:' && href.length <= MAX_ADDRESS_LENGTH ? href : undefined;
}

function noNewPin(problem: NewPinQuestion['problem'], rules: PinRules): Result<never, ManagementError> {
  if (problem === undefined) return managementFailure('pinNeeded', 'A new PIN is needed for this.');
  return managementFailure(NEW_PIN_FAILURES[problem], describePinProblem(problem, rules));
}

/** What is wrong with a new PIN, in words. */
export function describePinProblem(problem: NonNullable<NewPinQuestion['problem']>, { minLength, maxLength, policyUrl }: PinRules): string {
  switch (problem) {
    case 'tooShort':
      return `The new PIN is too short: this key wants at least ${minLength.toString()} characters.`;
    case 'tooLong': {
      const own = maxLength === undefined || maxLength >= MAX_PIN_BYTES ? '' : `${maxLength.toString()} characters and `;
      return `The new PIN is too long: at most ${own}63 bytes, which are 63 plain letters or digits.`;
    }
    case 'refused': {
      const told = policyUrl === undefined ? '' : ` The rules are described at ${policyUrl}`;
      return `The key refuses this new PIN: it breaks a rule of the key, or is the same as before.${told}`;
    }
  }
}
