import { decodeCbor, decodeCborKnown, decodeCborPrefix, decodeCborStrict, encodeCbor } from '../../../shared/cbor/codec.ts';
import { DEFAULT_CBOR_LIMITS } from '../../../shared/cbor/limits.ts';
import { type CborValue, isCborArray, isCborMap } from '../../../shared/cbor/value.ts';
import { equalBytes } from '../../../shared/bytes/bytes.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzTarget, mustHold } from '../engine/target.ts';
import { memberOf, RESPONSES } from './responses.ts';

const text = (value: string): CborValue => value;
const SEEDS: readonly CborValue[] = [
  0,
  -1,
  24,
  2 ** 53 - 1,
  2n ** 64n - 1n,
  -(2n ** 63n),
  text(''),
  text('\ufeffmark'),
  text('é'.repeat(40)),
  text(`\ufeff${'long'.repeat(40)}`),
  new Uint8Array(300),
  [],
  [1, [2, [3, [4]]]],
  new Map<CborValue, CborValue>([[1, 2], [3, -7], [-1, 1], ['a', true], ['bb', null]]),
  new Map<CborValue, CborValue>([['id', new Uint8Array(16)], ['transports', ['usb', 'nfc']], [false, new Map()]]),
];

/** The CBOR codec. */
export const cborTarget: FuzzTarget = {
  name: 'cbor',
  property: 'what decodes strictly encodes to the same bytes, what decodes at all to canonical ones, and no item is lost',
  covers: ['shared/cbor/'],
  structures: ['cbor'],
  quickRuns: 2500,
  seeds: [...SEEDS.map((value) => [encodeCbor(value)]), [memberOf(RESPONSES.packed, 'attestationObject')]],
  run: (input) => {
    const [bytes = new Uint8Array()] = input;
    const decoded = decodeCbor(bytes);
    const prefix = decodeCborPrefix(bytes);
    const strict = decodeCborStrict(bytes);
    const known = decodeCborKnown(bytes);
    if (known.ok) mustBeBounded(known.value, input);
    else mustHold(!decoded.ok, 'What can be left out is no reason to refuse more.');
    if (prefix.ok) mustHold(prefix.value.length <= bytes.length, 'An item cannot be longer than its bytes.');
    if (!decoded.ok) {
      mustHold(!strict.ok, 'The strict decoder takes nothing that the other refuses.');
      mustHold(decoded.error.offset <= bytes.length, 'The offset of a problem lies within the bytes.');
      return decoded.error.problem;
    }
    const { value, deviations, length } = decoded.value;
    mustHold(length === bytes.length && prefix.ok, 'A whole item is also the first of its bytes.');
    mustBeBounded(value, input);
    mustHold(depthOf(value) <= DEFAULT_CBOR_LIMITS.maxDepth, 'The depth is limited.');
    const encoded = encodeCbor(value);
    mustHold(known.ok && equalBytes(encodeCbor(known.value), encoded), 'Nothing is left out of an item that is taken whole.');
    mustHold(strict.ok === (deviations.length === 0), 'Without deviations an item is canonical, and with any it is not.');
    if (strict.ok) mustHold(equalBytes(encoded, bytes), 'A canonical item encodes to the same bytes.');
    const again = decodeCborStrict(encoded);
    mustHold(again.ok, 'What is encoded is canonical.');
    mustHold(equalBytes(encodeCbor(again.value), encoded), 'Encoding is stable.');
    mustHold(itemsIn(value) === itemsAt(bytes), 'No item is lost.');
    return `ok ${deviations.join(' ')} ${typeof value}`;
  },
};

function itemsIn(value: CborValue): number {
  if (isCborMap(value)) return 1 + [...value].flat().reduce<number>((sum, item) => sum + itemsIn(item), 0);
  return isCborArray(value) ? 1 + value.reduce<number>((sum, item) => sum + itemsIn(item), 0) : 1;
}

/** Counts the heads of well-formed CBOR in the simplest way. */
function itemsAt(bytes: Uint8Array): number {
  let items = 0;
  for (let offset = 0; offset < bytes.length; items += 1) {
    const initial = bytes[offset] ?? 0;
    const width = (initial & 0x1f) < 24 || initial >= 0xe0 ? 0 : 1 << ((initial & 0x1f) - 24);
    const argument = width === 0 ? initial & 0x1f : Number(`0x${Buffer.from(bytes.subarray(offset + 1, offset + 1 + width)).toString('hex')}`);
    const isString = initial >> 5 === 2 || initial >> 5 === 3;
    offset += 1 + width + (isString ? argument : 0);
  }
  return items;
}

function depthOf(value: CborValue): number {
  if (isCborMap(value)) return 1 + Math.max(0, ...[...value].flat().map(depthOf));
  return isCborArray(value) ? 1 + Math.max(0, ...value.map(depthOf)) : 0;
}
