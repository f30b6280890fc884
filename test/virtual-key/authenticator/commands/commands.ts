import type { CborMap } from '../../../../shared/cbor/value.ts';
import type { Exchange } from '../exchange.ts';
import type { KeyState } from '../key-state.ts';
import { isLegacy, type Settings } from '../settings.ts';
import { clientPin } from './client-pin/client-pin.ts';
import { getAssertion } from './get-assertion.ts';
import { getInfo } from './get-info.ts';
import { getNextAssertion } from './get-next-assertion.ts';
import { largeBlobs } from './large-blobs.ts';
import { makeCredential } from './make-credential.ts';
import { reset } from './reset.ts';
import { selection } from './selection.ts';

/** One CTAP2 command. */
export interface Command {
  /** For the command log. */
  readonly name: string;
  readonly takesParameters: boolean;
  /** Whether a key with these settings has the command. */
  readonly known: (settings: Settings) => boolean;
  /** Runs it; the map is the response, `undefined` an empty one. Fails with CtapFailure. */
  readonly run: (state: KeyState, parameters: CborMap, exchange: Exchange) => Promise<CborMap | undefined> | CborMap | undefined;
}

const always = (): boolean => true;

/** The commands by their code. Source: CTAP 2.1 §6. */
export const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [0x01, { name: 'makeCredential', takesParameters: true, known: always, run: makeCredential }],
  [0x02, { name: 'getAssertion', takesParameters: true, known: always, run: getAssertion }],
  [0x04, { name: 'getInfo', takesParameters: false, known: always, run: getInfo }],
  [0x06, { name: 'clientPin', takesParameters: true, known: always, run: clientPin }],
  [0x07, { name: 'reset', takesParameters: false, known: always, run: withoutResponse(reset) }],
  [0x08, { name: 'getNextAssertion', takesParameters: false, known: always, run: getNextAssertion }],
  [0x0b, { name: 'selection', takesParameters: false, known: hasSelection, run: withoutResponse(selection) }],
  [0x0c, { name: 'largeBlobs', takesParameters: true, known: hasLargeBlobs, run: largeBlobs }],
]);

function hasSelection(settings: Settings): boolean {
  return !isLegacy(settings) && settings.selection;
}

function hasLargeBlobs(settings: Settings): boolean {
  return !isLegacy(settings) && settings.extensions.includes('largeBlobKey');
}

function withoutResponse(run: (state: KeyState, exchange: Exchange) => Promise<void>): Command['run'] {
  return async (state, _parameters, exchange) => {
    await run(state, exchange);
    return undefined;
  };
}
