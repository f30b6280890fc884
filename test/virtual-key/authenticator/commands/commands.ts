import type { CborMap } from '../../../../shared/cbor/value.ts';
import type { Exchange } from '../exchange.ts';
import type { KeyState } from '../key-state.ts';
import { isLegacy, type Settings, takesForm } from '../settings.ts';
import { BIO_ENROLLMENT_SUBCOMMANDS, bioEnrollment } from './bio-enrollment/bio-enrollment.ts';
import { CLIENT_PIN_SUBCOMMANDS, clientPin } from './client-pin/client-pin.ts';
import { CONFIG_SUBCOMMANDS, config } from './config/config.ts';
import { CREDENTIAL_MANAGEMENT_SUBCOMMANDS, credentialManagement } from './credential-management/credential-management.ts';
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
  /** Names of its subcommands, for the command log, and the member that tells which it is. */
  readonly subcommands?: { readonly key: number; readonly names: ReadonlyMap<number, string> };
  /** Whether a key with these settings has the command. */
  readonly known: (settings: Settings) => boolean;
  /** Runs it; the map is the response, `undefined` an empty one. Fails with CtapFailure. */
  readonly run: (state: KeyState, parameters: CborMap, exchange: Exchange) => Promise<CborMap | undefined> | CborMap | undefined;
}

const always = (): boolean => true;
const CLIENT_PIN = { key: 2, names: CLIENT_PIN_SUBCOMMANDS };
const CONFIG = { key: 1, names: CONFIG_SUBCOMMANDS };

/** The commands by their code. Source: CTAP 2.1 §6, CTAP 2.0 drafts for the previews. */
export const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [0x01, { name: 'makeCredential', takesParameters: true, known: always, run: makeCredential }],
  [0x02, { name: 'getAssertion', takesParameters: true, known: always, run: getAssertion }],
  [0x04, { name: 'getInfo', takesParameters: false, known: always, run: getInfo }],
  [0x06, { name: 'clientPin', takesParameters: true, subcommands: CLIENT_PIN, known: always, run: clientPin }],
  [0x07, { name: 'reset', takesParameters: false, known: always, run: withoutResponse(reset) }],
  [0x08, { name: 'getNextAssertion', takesParameters: false, known: always, run: getNextAssertion }],
  [0x09, bioEnrollmentCommand('standard')],
  [0x0a, credentialManagementCommand('standard')],
  [0x0b, { name: 'selection', takesParameters: false, known: hasSelection, run: withoutResponse(selection) }],
  [0x0c, { name: 'largeBlobs', takesParameters: true, known: hasLargeBlobs, run: largeBlobs }],
  [0x0d, { name: 'config', takesParameters: true, subcommands: CONFIG, known: ({ config: has }) => has, run: config }],
  [0x40, bioEnrollmentCommand('preview')],
  [0x41, credentialManagementCommand('preview')],
]);

function bioEnrollmentCommand(form: 'preview' | 'standard'): Command {
  return {
    name: form === 'preview' ? 'bioEnrollmentPreview' : 'bioEnrollment',
    takesParameters: true,
    subcommands: { key: 2, names: BIO_ENROLLMENT_SUBCOMMANDS },
    known: (settings) => takesForm(settings.bioEnrollment, form),
    run: bioEnrollment,
  };
}

function credentialManagementCommand(form: 'preview' | 'standard'): Command {
  return {
    name: form === 'preview' ? 'credentialManagementPreview' : 'credentialManagement',
    takesParameters: true,
    subcommands: { key: 1, names: CREDENTIAL_MANAGEMENT_SUBCOMMANDS },
    known: (settings) => takesForm(settings.credentialManagement, form),
    run: credentialManagement(form),
  };
}

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
