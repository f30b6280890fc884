import { concatBytes } from '../../../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import type { KeyState } from '../../key-state.ts';
import { speaks } from '../../newer-settings.ts';
import { mapAt, required, unsignedAt } from '../../parameters.ts';
import { Permission } from '../../pin-uv-auth/token.ts';
import type { Settings } from '../../settings.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { isProtected } from '../../user-verification.ts';
import { authorize } from '../authorize.ts';
import { changeSettings } from './change-settings.ts';
import { setMinPinLength } from './set-min-pin-length.ts';

/** Names of the subcommands, for the command log. Source: CTAP 2.3 §6.11. */
export const CONFIG_SUBCOMMANDS: ReadonlyMap<number, string> = new Map([
  [1, 'enableEnterpriseAttestation'],
  [2, 'toggleAlwaysUv'],
  [3, 'setMinPINLength'],
  [4, 'enableLongTouchForReset'],
]);

const TOGGLE_ALWAYS_UV = 2;
const ENABLE_LONG_TOUCH = 4;

/** The subcommands that a key has; the last came with CTAP 2.3. */
export function configCommands({ protocol }: Pick<Settings, 'protocol'>): readonly number[] {
  return [...CONFIG_SUBCOMMANDS.keys()].filter((subcommand) => subcommand !== ENABLE_LONG_TOUCH || speaks(protocol, 3));
}

/** authenticatorConfig. A key without any user verification takes it unproven. Source: CTAP 2.1 §6.11. */
export function config(state: KeyState, parameters: CborMap): undefined {
  const subcommand = required(unsignedAt(parameters, 1));
  if (!configCommands(state.settings).includes(subcommand)) throw new CtapFailure(CtapStatus.invalidParameter);
  const unprotectedToggle = subcommand === TOGGLE_ALWAYS_UV && state.settings.alwaysUv && !isProtected(state);
  if (!unprotectedToggle && (isProtected(state) || state.settings.alwaysUv)) {
    const subcommandParameters = mapAt(parameters, 2);
    authorize(state, parameters, {
      keys: [3, 4],
      message: concatBytes(
        new Uint8Array(32).fill(0xff),
        Uint8Array.of(0x0d, subcommand),
        subcommandParameters === undefined ? new Uint8Array() : encodeCbor(subcommandParameters),
      ),
      permission: Permission.authenticatorConfiguration,
      fits: () => true,
    });
  }
  switch (subcommand) {
    case 1:
      if (state.settings.enterpriseAttestation === undefined) throw new CtapFailure(CtapStatus.invalidParameter);
      changeSettings(state, { enterpriseAttestation: true });
      return;
    case TOGGLE_ALWAYS_UV:
      changeSettings(state, { alwaysUv: !state.settings.alwaysUv });
      return;
    case ENABLE_LONG_TOUCH:
      changeSettings(state, { longTouchForReset: true });
      return;
    default:
      setMinPinLength(state, parameters);
  }
}
