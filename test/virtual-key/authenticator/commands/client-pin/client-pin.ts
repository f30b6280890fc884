import type { CborMap, CborValue } from '../../../../../shared/cbor/value.ts';
import type { Exchange } from '../../exchange.ts';
import type { KeyState } from '../../key-state.ts';
import { required, unsignedAt } from '../../parameters.ts';
import { hasSensor, isLegacy, offeredProtocols } from '../../settings.ts';
import { CtapFailure, CtapStatus } from '../../status.ts';
import { changePin } from './change-pin.ts';
import { parseClientPin, requireClientPin } from './request.ts';
import { setPin } from './set-pin.ts';
import { getPinToken, getTokenUsingPin, getTokenUsingUv } from './tokens.ts';

/** Names of the subcommands, for the command log. Source: CTAP 2.1 §6.5.5. */
export const CLIENT_PIN_SUBCOMMANDS: ReadonlyMap<number, string> = new Map([
  [1, 'getPinRetries'],
  [2, 'getKeyAgreement'],
  [3, 'setPin'],
  [4, 'changePin'],
  [5, 'getPinToken'],
  [6, 'getPinUvAuthTokenUsingUv'],
  [7, 'getUvRetries'],
  [9, 'getPinUvAuthTokenUsingPin'],
]);

const LAST_SUBCOMMAND_OF_20 = 5;

/** authenticatorClientPIN: picks the subcommand. Source: CTAP 2.1 §6.5.5. */
export async function clientPin(state: KeyState, parameters: CborMap, exchange: Exchange): Promise<CborMap | undefined> {
  if (offeredProtocols(state.settings).length === 0) throw new CtapFailure(CtapStatus.invalidCommand);
  const subcommand = required(unsignedAt(parameters, 2));
  if (isLegacy(state.settings)) {
    // CTAP 2.0 makes the protocol mandatory for every subcommand.
    required(unsignedAt(parameters, 1));
    if (subcommand > LAST_SUBCOMMAND_OF_20) throw new CtapFailure(CtapStatus.invalidSubcommand);
  }
  const request = parseClientPin(parameters);
  switch (subcommand) {
    case 1:
      return getPinRetries(state);
    case 2:
      return new Map<CborValue, CborValue>([[1, state.pinUvAuth.publicKey(required(request.protocol))]]);
    case 3:
      setPin(state, request);
      return undefined;
    case 4:
      changePin(state, request);
      return undefined;
    case 5:
      return getPinToken(state, request);
    case 6:
      return await getTokenUsingUv(state, request, exchange);
    case 7:
      return getUvRetries(state);
    case 9:
      return getTokenUsingPin(state, request);
    default:
      throw new CtapFailure(CtapStatus.invalidSubcommand);
  }
}

/** getPINRetries; CTAP 2.1 also tells whether a power cycle is needed. Source: CTAP 2.1 §6.5.5.2. */
function getPinRetries(state: KeyState): CborMap {
  requireClientPin(state);
  const response = new Map<CborValue, CborValue>([[3, state.pin.retries]]);
  if (!isLegacy(state.settings) && state.pin.needsPowerCycle) response.set(4, true);
  return response;
}

/** getUVRetries. Source: CTAP 2.1 §6.5.5.3. */
function getUvRetries(state: KeyState): CborMap {
  if (!hasSensor(state.settings)) throw new CtapFailure(CtapStatus.invalidSubcommand);
  return new Map<CborValue, CborValue>([[5, state.uvRetries]]);
}
