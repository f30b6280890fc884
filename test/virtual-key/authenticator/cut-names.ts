import { type Bytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import { type CborMap, isCborMap } from '../../../shared/cbor/value.ts';

const NAMES = ['name', 'displayName'];
// No name that a test uses has this character, and it takes one byte.
const STAND_IN = '\u0001';

/**
 * Encodes a response with the names of its account cut after `maxBytes`, where need be inside a character: text that is
 * no UTF-8, as some keys send it. CTAP lets keys cut there (WebAuthn L2 §6.4.1).
 */
export function encodeWithCutNames(response: CborMap, maxBytes: number): Bytes {
  const pieces: Bytes[] = [];
  const stripped = new Map([...response].map(([key, value]) => [key, isCborMap(value) ? cutEntity(value, maxBytes, pieces) : value]));
  const encoded = encodeCbor(stripped);
  let from = 0;
  for (const piece of pieces) {
    const start = findRun(encoded, piece.length, from);
    encoded.set(piece, start);
    from = start + piece.length;
  }
  return encoded;
}

/** Puts stand-ins of the right length in the place of long names, and the bytes that are to be there into `pieces`. */
function cutEntity(entity: CborMap, maxBytes: number, pieces: Bytes[]): CborMap {
  const cut = new Map(entity);
  for (const key of NAMES) {
    const name = entity.get(key);
    const bytes = typeof name === 'string' ? encodeUtf8(name) : new Uint8Array();
    if (bytes.length <= maxBytes) continue;
    pieces.push(bytes.slice(0, maxBytes));
    cut.set(key, STAND_IN.repeat(maxBytes));
  }
  return cut;
}

function findRun(encoded: Bytes, length: number, from: number): number {
  for (let start = from; start + length <= encoded.length; start += 1) {
    if (encoded.subarray(start, start + length).every((byte) => byte === STAND_IN.charCodeAt(0))) return start;
  }
  throw new Error('The stand-in of a name is not where it was put.');
}
