import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { TestCa } from '../authenticator/attestation/test-ca.ts';
import { COUNTED_PACKETS, FAULT_ACTIONS, type PacketFault } from '../faces/faults.ts';
import { decodeConfig, decodeKnobs } from './decode-config.ts';
import { decodeCredential, encodeCredential } from './decode-credential.ts';
import { ControlFailure, type Fields, mandatory } from './fields.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyInSlot, WaitFor } from './key-in-slot.ts';

/** One control command: arguments in, value out. Fails with ControlFailure. */
type Command = (ring: KeyRing, session: string, args: Fields) => unknown;

const LONGEST_WAIT = 120_000;
const LONGEST_PACKET = 65_535;
const DEFAULT_WAIT = 10_000;
const COMMAND_PREFIX = 'command:';

/** The control commands by name: WebDriver's, and our own with the prefix `keystile_`. */
export const CONTROL_COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['attach', (ring, session) => (ring.attach(session), session)],
  ['detach', (ring, session) => (ring.detach(session), null)],
  ['add_virtual_authenticator', addVirtualAuthenticator],
  ['remove_virtual_authenticator', (ring, session, args) => (ring.remove(session, authenticatorId(args)), null)],
  ['add_credential', addCredential],
  ['get_credentials', (ring, session, args) => keyOf(ring, session, args).authenticator.store.all.map(encodeCredential)],
  ['remove_credential', removeCredential],
  ['remove_all_credentials', (ring, session, args) => (keyOf(ring, session, args).authenticator.store.clear(), null)],
  ['set_user_verified', setUserVerified],
  ['keystile_configure', configure],
  ['keystile_touch', (ring, session, args) => keyOf(ring, session, args).authenticator.touch()],
  ['keystile_unplug', unplug],
  ['keystile_plug', (ring, session, args) => (keyOf(ring, session, args).plug(), null)],
  ['keystile_power_cycle', (ring, session, args) => (keyOf(ring, session, args).powerCycle(), null)],
  ['keystile_state', (ring, session, args) => keyOf(ring, session, args).state()],
  ['keystile_wait', wait],
  ['keystile_attestation_root', () => encodeBase64url(new TestCa().root)],
]);

function addVirtualAuthenticator(ring: KeyRing, session: string, args: Fields): string {
  return ring.add(session, decodeConfig(mandatory(args.object('config'), 'config')));
}

function addCredential(ring: KeyRing, session: string, args: Fields): null {
  const { authenticator } = keyOf(ring, session, args);
  authenticator.store.add(decodeCredential(mandatory(args.object('credential'), 'credential'), authenticator));
  return null;
}

function removeCredential(ring: KeyRing, session: string, args: Fields): null {
  const { authenticator } = keyOf(ring, session, args);
  const id = args.bytes('credential_id') ?? args.bytes('credentialId');
  if (!authenticator.store.remove(mandatory(id, 'credential_id'))) {
    throw new ControlFailure('invalid argument', 'The authenticator has no such credential.');
  }
  return null;
}

function setUserVerified(ring: KeyRing, session: string, args: Fields): null {
  const userVerified = mandatory(args.boolean('uv') ?? args.boolean('isUserVerified'), 'uv');
  keyOf(ring, session, args).authenticator.configure({ userVerified });
  return null;
}

function configure(ring: KeyRing, session: string, args: Fields): null {
  const key = keyOf(ring, session, args);
  const changes = decodeKnobs(args);
  const faults = args.objects('faults')?.map(decodeFault);
  const mute = args.boolean('mute');
  // Nothing is changed before everything was understood.
  args.finish();
  key.configure(changes);
  if (faults !== undefined || mute !== undefined) key.setFaults(faults, mute);
  return null;
}

function decodeFault(fields: Fields): PacketFault {
  const direction = mandatory(fields.choice('direction', ['in', 'out'] as const), 'fault.direction');
  const step = mandatory(fields.integer('step'), 'fault.step');
  const action = mandatory(fields.choice('action', FAULT_ACTIONS), 'fault.action');
  const ms = fields.integer('ms', 0, LONGEST_WAIT);
  const length = fields.integer('length', 0, LONGEST_PACKET);
  const counts = fields.choice('counts', COUNTED_PACKETS);
  fields.finish();
  return {
    direction,
    step,
    action,
    ...(ms === undefined ? {} : { ms }),
    ...(length === undefined ? {} : { length }),
    ...(counts === undefined ? {} : { counts }),
  };
}

function unplug(ring: KeyRing, session: string, args: Fields): null {
  keyOf(ring, session, args).unplug(args.choice('at', ['now', 'touch'] as const) ?? 'now');
  return null;
}

async function wait(ring: KeyRing, session: string, args: Fields): Promise<true> {
  const key = keyOf(ring, session, args);
  const what = decodeWaitFor(mandatory(args.text('for'), 'for'), args.integer('after') ?? 0);
  const timeout = args.integer('timeoutMs', 0, LONGEST_WAIT) ?? DEFAULT_WAIT;
  if (await key.waitFor(what, timeout)) return true;
  throw new ControlFailure('timeout', `It did not happen within ${timeout.toString()} ms.`);
}

function decodeWaitFor(text: string, after: number): WaitFor {
  if (text === 'waitingForTouch') return { kind: 'waitingForTouch' };
  if (text.startsWith(COMMAND_PREFIX)) return { kind: 'command', name: text.slice(COMMAND_PREFIX.length), after };
  throw new ControlFailure('invalid argument', 'for must be waitingForTouch or command:<name>.');
}

function keyOf(ring: KeyRing, session: string, args: Fields): KeyInSlot {
  return ring.get(session, authenticatorId(args));
}

function authenticatorId(args: Fields): string {
  return mandatory(args.text('authenticator_id') ?? args.text('authenticatorId'), 'authenticator_id');
}
