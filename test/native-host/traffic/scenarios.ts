import { getPinUvAuthToken } from '../../../native-host/ctap2/client-pin/pin-uv-auth-token.ts';
import { getAssertion } from '../../../native-host/ctap2/get-assertion.ts';
import { getInfo } from '../../../native-host/ctap2/get-info.ts';
import { makeCredential } from '../../../native-host/ctap2/make-credential.ts';
import type { Device } from '../../../native-host/transport/device.ts';
import { u2fAuthenticate, U2fControl } from '../../../native-host/u2f/authenticate.ts';
import { u2fRegister } from '../../../native-host/u2f/register.ts';
import { getU2fVersion } from '../../../native-host/u2f/version.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { defaultSettings, type Settings } from '../../virtual-key/authenticator/settings.ts';
import { callOptions } from '../support/udp-keys.ts';

/** What is recorded: a key, the way to it, and what the host does with it. */
export interface Scenario {
  readonly name: string;
  readonly comment: string;
  readonly transport: 'usb' | 'nfc';
  readonly settings: Settings;
  readonly run: (device: Device, note: (step: unknown) => void) => Promise<void>;
}

/** PIN of the recorded keys. */
export const RECORDED_PIN = '123456';

const HASH = new Uint8Array(32).fill(0x3c);
const APPLICATION = new Uint8Array(32).fill(0x4d);
const RP_ID = 'example.org';

function unwrap<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** Registers and signs in by PIN, each with a token of its own. */
async function withPin(device: Device, note: (step: unknown) => void): Promise<void> {
  const options = callOptions();
  const info = unwrap(await getInfo(device, options));
  note(info);
  const prove = async (permissions: number): Promise<{ readonly param: Uint8Array<ArrayBuffer>; readonly protocol: 1 | 2 }> => {
    const token = unwrap(await getPinUvAuthToken(device, info, { method: { pin: RECORDED_PIN }, permissions, rpId: RP_ID }, options));
    return { param: token.authenticate(HASH), protocol: token.protocol };
  };
  const user = { id: Uint8Array.of(1, 2, 3), name: 'ada', displayName: 'Ada Lovelace' };
  const params = { clientDataHash: HASH, rp: { id: RP_ID, name: 'Example' }, user, pubKeyCredParams: [{ alg: -7, type: 'public-key' }] } as const;
  note(unwrap(await makeCredential(device, { ...params, options: { rk: true }, pinUvAuth: await prove(1) }, options)));
  note(unwrap(await getAssertion(device, { rpId: RP_ID, clientDataHash: HASH, pinUvAuth: await prove(2) }, options)));
  // A credential that is not there: an error is traffic as well.
  note(await getAssertion(device, { rpId: 'other.example', clientDataHash: HASH, options: { up: false } }, options));
}

/** Registers and signs in as with a U2F key. */
async function withU2f(device: Device, note: (step: unknown) => void): Promise<void> {
  const options = callOptions();
  note(unwrap(await getU2fVersion(device, options)));
  const registered = unwrap(await u2fRegister(device, { challenge: HASH, application: APPLICATION }, options));
  note(registered);
  const { keyHandle } = registered;
  const ask = { challenge: HASH, application: APPLICATION, keyHandle };
  note(await u2fAuthenticate(device, { ...ask, control: U2fControl.checkOnly }, options));
  note(unwrap(await u2fAuthenticate(device, { ...ask, control: U2fControl.enforceUserPresence }, options)));
  note(await u2fAuthenticate(device, { ...ask, keyHandle: HASH, control: U2fControl.checkOnly }, options));
}

const ctap20 = defaultSettings('ctap2');
const ctap21 = { ...defaultSettings('ctap2_1'), attestation: 'x5c' } as const;

/** All recorded scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'usb-ctap20-protocol-one', comment: 'CTAP 2.0 over USB: PIN by protocol one without permissions', transport: 'usb', settings: ctap20, run: withPin },
  { name: 'usb-ctap21-protocol-two', comment: 'CTAP 2.1 over USB: PIN by protocol two with permissions', transport: 'usb', settings: ctap21, run: withPin },
  { name: 'usb-u2f', comment: 'U2F over USB', transport: 'usb', settings: defaultSettings('ctap1/u2f'), run: withU2f },
  { name: 'nfc-ctap21', comment: 'CTAP 2.1 over NFC: chained blocks and 61xx', transport: 'nfc', settings: { ...ctap21, nfcMaxAnswer: 200 }, run: withPin },
  {
    name: 'nfc-ctap21-status-updates',
    comment: 'CTAP 2.1 over NFC: the card works for a while and says so (9100)',
    transport: 'nfc',
    settings: { ...ctap21, nfcStatusUpdates: true, workTime: 150 },
    run: withPin,
  },
  { name: 'nfc-u2f', comment: 'U2F over NFC', transport: 'nfc', settings: defaultSettings('ctap1/u2f'), run: withU2f },
];

/** A step's result as JSON: byte strings in hexadecimal, maps as lists of pairs. */
export function describeStep(step: unknown): string {
  return JSON.stringify(step, (_name, value: unknown) => {
    if (value instanceof Uint8Array) return `hex:${encodeHex(value)}`;
    if (value instanceof Map) return [...value];
    return value;
  });
}
