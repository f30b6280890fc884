import { decodeCbor } from '../../../shared/cbor/codec.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { isCborMap } from '../../../shared/cbor/value.ts';

/** The step of opening a key: CTAPHID_INIT, or SELECT and what follows it. */
export const OPENING = 'open';

const COMMANDS: ReadonlyMap<number, string> = new Map([
  [0x01, 'makeCredential'],
  [0x04, 'getInfo'],
  [0x08, 'getNextAssertion'],
  [0x0b, 'selection'],
  [0x0c, 'largeBlobs'],
]);
const GET_ASSERTION = 0x02;
const CLIENT_PIN = 0x06;
const SUBCOMMANDS: ReadonlyMap<number, string> = new Map([
  [0x01, 'PIN retries'],
  [0x02, 'key agreement'],
  [0x05, 'PIN token'],
  [0x09, 'PIN token'],
]);

/** Names the step of a ceremony that a request belongs to. Throws for one that nobody has named. */
export function stepOf(request: Bytes): string {
  const [command = -1] = request;
  const name = command === CLIENT_PIN ? SUBCOMMANDS.get(Number(member(request, 2))) : COMMANDS.get(command);
  if (name !== undefined) return name;
  if (command !== GET_ASSERTION) throw new Error(`A step without a name: ${Buffer.from(request).toString('hex')}`);
  const options = member(request, 5);
  return options instanceof Map && options.get('up') === false ? 'pre-flight' : 'getAssertion';
}

/** A member of the request's map. */
function member(request: Bytes, key: number): unknown {
  const decoded = decodeCbor(request.slice(1));
  return decoded.ok && isCborMap(decoded.value.value) ? decoded.value.value.get(key) : undefined;
}
