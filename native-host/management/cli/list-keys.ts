import { success, type Result } from '../../../shared/bytes/result.ts';
import type { AuthenticatorInfo } from '../../ctap2/get-info.ts';
import type { DeviceDescriptor } from '../../transport/device.ts';
import { explainTransportError, type ManagementError } from '../errors.ts';
import { findKeys } from '../key-finder.ts';
import { ManagedKey } from '../managed-key.ts';
import { withDevice } from '../with-key.ts';
import { formatAaguid, pinState, TRANSPORT_NAMES } from './describe-report.ts';
import { done, type KeysOutput, type KeysSession } from './keys-run.ts';
import { printable } from './printable.ts';

interface ListedKey {
  readonly descriptor: DeviceDescriptor;
  /** `undefined` for a key that knows U2F only. */
  readonly looked: Result<AuthenticatorInfo | undefined, ManagementError>;
}

/** Lists the keys that are there, with what each tells of itself. */
export async function listKeys(session: KeysSession): Promise<Result<KeysOutput, ManagementError>> {
  const { access, signal } = session;
  const { keys, denied, problems } = await findKeys(access, signal);
  const listed: ListedKey[] = [];
  for (const descriptor of keys) listed.push({ descriptor, looked: await lookAt(session, descriptor.id) });
  for (const { descriptor, error } of denied) {
    listed.push({ descriptor, looked: { ok: false, error: explainTransportError(error) } });
  }
  const lines = listed.map(formatKey);
  if (lines.length === 0) {
    lines.push('No security key was found. Insert it, or put it on the reader.\n');
    lines.push(...problems.map(({ transport, detail }) => `${TRANSPORT_NAMES[transport]} cannot be used: ${printable(detail)}\n`));
  }
  return done(lines.join(''), { keys: listed.map(keyToJson), problems });
}

function lookAt({ access, user, signal }: KeysSession, id: string): Promise<ListedKey['looked']> {
  return withDevice<AuthenticatorInfo | undefined>(access, id, signal, async (device) => {
    if (!device.supportsCbor) return success(undefined);
    const key = await ManagedKey.begin(device, user, signal);
    return key.ok ? success(key.value.info) : key;
  });
}

function formatKey({ descriptor, looked }: ListedKey): string {
  const name = printable(descriptor.productName) || 'Security key';
  return `${name}\n  ID ${descriptor.id}\n  ${TRANSPORT_NAMES[descriptor.transport]}; ${describeLook(looked)}\n`;
}

function describeLook(looked: ListedKey['looked']): string {
  if (!looked.ok) return looked.error.message;
  if (looked.value === undefined) return 'U2F only';
  const pins = { set: 'PIN set', notSet: 'no PIN', unsupported: 'cannot have a PIN' };
  return `${looked.value.versions.map(printable).join(', ')}; ${pins[pinState(looked.value)]}`;
}

function keyToJson({ descriptor, looked }: ListedKey): Readonly<Record<string, unknown>> {
  if (!looked.ok) return { ...descriptor, state: 'failed', reason: looked.error.reason, message: looked.error.message };
  if (looked.value === undefined) return { ...descriptor, state: 'ready', versions: ['U2F_V2'] };
  const { versions, aaguid } = looked.value;
  return { ...descriptor, state: 'ready', versions, aaguid: formatAaguid(aaguid), pin: pinState(looked.value) };
}
