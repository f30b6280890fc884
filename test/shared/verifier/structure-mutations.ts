import { type Bytes, concatBytes, encodeUtf8, equalBytes } from '../../../shared/bytes/bytes.ts';
import { type CborValue, isCborArray, isCborMap } from '../../../shared/cbor/value.ts';

/** Changes of CBOR that a byte flip does not find: other values in well-formed structures, and other encodings of the same values. */

/** A changed item, and in words what was done to which member. */
export interface StructureMutant {
  readonly bytes: Bytes;
  readonly what: string;
}

/** How one node may be written differently. The result is an encoding of the same value, but not the canonical one. */
type Oddity = 'long head' | 'longest head' | 'indefinite' | 'tagged' | 'reversed' | 'first twice';

const ODDITIES: readonly Oddity[] = ['long head', 'longest head', 'indefinite', 'tagged', 'reversed', 'first twice'];

/** All changes of all nodes of a value; changes that change nothing are left out. */
export function* structureMutants(root: CborValue): Generator<StructureMutant> {
  const original = plain(root);
  for (const mutant of allMutants(root)) if (!equalBytes(mutant.bytes, original)) yield mutant;
}

function* allMutants(root: CborValue): Generator<StructureMutant> {
  for (const path of pathsOf(root)) {
    const name = path.map(nameOf).join('.') || 'the item';
    for (const oddity of ODDITIES) {
      const bytes = encode(root, path, oddity);
      if (bytes !== undefined) yield { bytes, what: `${name}: ${oddity}` };
    }
    const node = at(root, path);
    for (const [what, value] of substitutes(node)) yield { bytes: plain(edited(root, path, value)), what: `${name}: ${what}` };
  }
}

function* substitutes(node: CborValue): Generator<readonly [string, CborValue]> {
  if (isCborMap(node)) {
    yield ['another member', new Map([...node, ['x', 1]])];
    yield ['another numbered member', new Map([...node, [7, new Uint8Array(2)]])];
    for (const key of node.keys()) yield [`without ${nameOf(key)}`, new Map([...node].filter(([other]) => other !== key))];
  }
  if (isCborArray(node)) {
    yield ['one more', [...node, ...node.slice(0, 1)]];
    yield ['one more of nothing', [...node, new Uint8Array()]];
    yield ['one less', node.slice(0, -1)];
    if (node.length > 1) yield ['turned round', [...node].reverse()];
  }
  if (node instanceof Uint8Array) {
    yield ['longer by a zero', concatBytes(node, Uint8Array.of(0))];
    yield ['longer by a zero before', concatBytes(Uint8Array.of(0), node)];
    yield ['as text', Buffer.from(node).toString('base64url')];
    yield ['as a list', [node]];
  }
  if (typeof node === 'number') for (const other of [-7, -8, -35, -257, -65535, 0, -9]) if (other !== node) yield [other.toString(), other];
  if (typeof node === 'string') for (const other of [node.toUpperCase(), `${node} `, `${node}\0`, '\uFEFF' + node]) if (other !== node) yield [JSON.stringify(other), other];
  for (const other of [null, undefined, true, 0, '', new Uint8Array(), [], new Map()]) yield [`replaced by ${nameOf(other)}`, other];
}

/** Steps of paths and small values, for people. */
function nameOf(value: CborValue): string {
  if (typeof value === 'string' || typeof value === 'number') return value.toString();
  return isCborMap(value) ? 'a map' : isCborArray(value) ? 'a list' : value instanceof Uint8Array ? 'no bytes' : String(value);
}

type Path = readonly CborValue[];

function* pathsOf(value: CborValue, path: Path = []): Generator<Path> {
  yield path;
  if (isCborMap(value)) for (const [key, entry] of value) yield* pathsOf(entry, [...path, key]);
  if (isCborArray(value)) for (const [index, entry] of value.entries()) yield* pathsOf(entry, [...path, index]);
}

function at(value: CborValue, [step, ...rest]: Path): CborValue {
  if (step === undefined) return value;
  if (isCborMap(value)) return at(value.get(step), rest);
  return isCborArray(value) ? at(value[step as number], rest) : undefined;
}

function edited(value: CborValue, [step, ...rest]: Path, replacement: CborValue): CborValue {
  if (step === undefined) return replacement;
  if (isCborMap(value)) return new Map([...value].map(([key, entry]) => [key, key === step ? edited(entry, rest, replacement) : entry]));
  return isCborArray(value) ? value.map((entry, index) => (index === step ? edited(entry, rest, replacement) : entry)) : value;
}

function plain(value: CborValue): Bytes {
  return encode(value, undefined, 'tagged') ?? new Uint8Array();
}

/** Encodes a value, one node of it oddly; `undefined` where that node has no such oddity. */
function encode(value: CborValue, odd: Path | undefined, oddity: Oddity): Bytes | undefined {
  const isOdd = odd?.length === 0;
  const inner = (step: CborValue): Path | undefined => (odd !== undefined && odd[0] === step && !isOdd ? odd.slice(1) : undefined);
  const headOf = (major: number, argument: number): Bytes => head(major, argument, isOdd ? oddity : undefined);
  if (isOdd && oddity === 'tagged') return concatBytes(Uint8Array.of(0xc6), encode(value, undefined, oddity) ?? new Uint8Array());
  if (isCborMap(value)) {
    let entries = Array.from(value, ([key, entry]) => concatBytes(plain(key), encode(entry, inner(key), oddity) ?? plain(entry)));
    if (isOdd && oddity === 'reversed') {
      if (entries.length < 2) return undefined;
      entries = entries.toReversed();
    }
    if (isOdd && oddity === 'first twice') {
      if (entries.length === 0) return undefined;
      entries = [...entries.slice(0, 1), ...entries];
    }
    return close(headOf(5, entries.length), 5, entries, isOdd && oddity === 'indefinite');
  }
  if (isOdd && (oddity === 'reversed' || oddity === 'first twice')) return undefined;
  if (isCborArray(value)) {
    const entries = value.map((entry, index) => encode(entry, inner(index), oddity) ?? plain(entry));
    return close(headOf(4, entries.length), 4, entries, isOdd && oddity === 'indefinite');
  }
  if (value instanceof Uint8Array || typeof value === 'string') {
    const major = typeof value === 'string' ? 3 : 2;
    const content = typeof value === 'string' ? encodeUtf8(value) : value;
    if (isOdd && oddity === 'indefinite') return close(new Uint8Array(), major, [head(major, content.length), content], true);
    return concatBytes(headOf(major, content.length), content);
  }
  if (isOdd && oddity === 'indefinite') return undefined;
  if (typeof value === 'number') return value < 0 ? headOf(1, -1 - value) : headOf(0, value);
  return isOdd ? undefined : Uint8Array.of(value === undefined ? 0xf7 : value === null ? 0xf6 : value === true ? 0xf5 : 0xf4);
}

function close(definite: Bytes, major: number, parts: readonly Uint8Array[], isIndefinite: boolean): Bytes {
  return isIndefinite ? concatBytes(Uint8Array.of((major << 5) | 31), ...parts, Uint8Array.of(0xff)) : concatBytes(definite, ...parts);
}

function head(major: number, argument: number, oddity?: Oddity): Bytes {
  let width = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : 4;
  if (oddity === 'long head') width = width === 0 ? 1 : 2 * width;
  if (oddity === 'longest head') width = 8;
  if (width === 0) return Uint8Array.of((major << 5) | argument);
  const bytes = new Uint8Array(1 + width);
  bytes[0] = (major << 5) | (24 + Math.log2(width));
  for (let index = width, rest = argument; index > 0; index -= 1, rest = Math.floor(rest / 256)) bytes[index] = rest % 256;
  return bytes;
}
