import { u2fAuthenticate, type U2fAssertion, U2fControl } from '../../../native-host/u2f/authenticate.ts';
import { u2fRegister, type U2fRegistration } from '../../../native-host/u2f/register.ts';
import { getU2fVersion } from '../../../native-host/u2f/version.ts';
import { type Bytes, concatBytes, encodeUtf8, equalBytes } from '../../../shared/bytes/bytes.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';
import { answersTarget, OPTIONS } from './key-answers.ts';
import { bytesOf, memberOf, RESPONSES } from './responses.ts';

const HASH = new Uint8Array(32);
const OK = Uint8Array.of(0x90, 0x00);
const SIGNATURE = memberOf(RESPONSES.authentication, 'signature');

function registration(handle: number): Bytes {
  const point = new Uint8Array(65).fill(0x04);
  return concatBytes(Uint8Array.of(5), point, Uint8Array.of(handle), new Uint8Array(handle), bytesOf(RESPONSES.leaf), SIGNATURE, OK);
}

/** What U2F keys answer. */
export const u2fTargets: readonly FuzzTarget[] = [
  answersTarget({
    name: 'u2f-register',
    covers: ['native-host/u2f/register.ts', 'native-host/u2f/message.ts'],
    structures: ['der'],
    quickRuns: 600,
    seeds: [[registration(64)], [registration(1)], [Uint8Array.of(0x69, 0x85)]],
    run: (key) => u2fRegister(key, { challenge: HASH, application: HASH }, OPTIONS),
    check: (value, [answer = new Uint8Array()]) => {
      const { publicKey, keyHandle, certificate, signature } = value as U2fRegistration;
      const whole = concatBytes(Uint8Array.of(5), publicKey, Uint8Array.of(keyHandle.length), keyHandle, certificate, signature, OK);
      mustHold(equalBytes(whole, answer), 'The parts make up the answer.');
    },
  }),
  answersTarget({
    name: 'u2f-authenticate',
    covers: ['native-host/u2f/authenticate.ts', 'native-host/u2f/message.ts'],
    structures: [],
    quickRuns: 600,
    seeds: [[concatBytes(Uint8Array.of(1, 0, 0, 0, 9), SIGNATURE, OK)], [Uint8Array.of(0x6a, 0x80)]],
    run: (key) => u2fAuthenticate(key, { control: U2fControl.enforceUserPresence, challenge: HASH, application: HASH, keyHandle: HASH }, OPTIONS),
    check: (value, [answer = new Uint8Array()]) => {
      const { counter, signature } = value as U2fAssertion;
      mustHold(counter >= 0 && signature.length === answer.length - 7, 'The parts make up the answer.');
    },
  }),
  answersTarget({
    name: 'u2f-version',
    covers: ['native-host/u2f/version.ts', 'native-host/u2f/message.ts'],
    structures: [],
    seeds: [[concatBytes(encodeUtf8('U2F_V2'), OK)]],
    run: (key) => getU2fVersion(key, OPTIONS),
  }),
];
