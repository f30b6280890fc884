import { type Bytes, concatBytes, copyBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { Random } from './random.ts';

/**
 * Changes CBOR as a tree, so that what comes out is well-formed as a rule and wrong in one place. Reader and writer are
 * their own: those of `shared/cbor` refuse what is wanted here.
 */

/** An item. `width`: bytes of its argument, where it shall not be the least. */
interface CborNode {
  major: number;
  argument: number;
  width?: number;
  content?: Bytes;
  children?: CborNode[];
}

const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;
const MAX_NODES = 2000;

/** Mutates the CBOR in `bytes` that reaches to their end (a status byte or other data may stand before it), if there is any. */
export function mutateCbor(bytes: Bytes, random: Random, other: Bytes, mutateContent: (content: Bytes) => Bytes): Bytes | undefined {
  const found = findTree(bytes, random);
  if (found === undefined) return undefined;
  const { root, start } = found;
  const nodes = flatten(root);
  changeTree(random.pick(nodes), nodes, random, () => findTree(other, random)?.root, mutateContent);
  return concatBytes(bytes.subarray(0, start), write(root));
}

function changeTree(
  node: CborNode,
  nodes: readonly CborNode[],
  random: Random,
  foreign: () => CborNode | undefined,
  mutateContent: (content: Bytes) => Bytes,
): void {
  const { children } = node;
  switch (random.below(10)) {
    case 0:
      Object.assign(node, { width: undefined, content: undefined, children: undefined }, literal(random));
      return;
    case 1:
      Object.assign(node, { width: undefined, content: undefined, children: undefined }, structuredClone(random.pick(nodes)));
      return;
    case 2: {
      const tree = foreign();
      if (tree !== undefined) Object.assign(node, { width: undefined, content: undefined, children: undefined }, structuredClone(random.pick(flatten(tree))));
      return;
    }
    case 3:
      node.width = random.pick([1, 2, 4, 8]);
      return;
    case 4:
      // The head alone: what it announces no longer fits.
      node.argument = random.pick([0, 1, 23, 24, 255, 65_536, 2 ** 32, 2 ** 53, node.argument + 1, Math.max(0, node.argument - 1)]);
      return;
    default:
  }
  if (children !== undefined && children.length > 0) changeChildren(node, children, random);
  else if (node.content !== undefined) setContent(node, mutateContent(node.content));
  else node.argument = random.pick([random.below(24), random.below(256), random.below(65_536), random.uint32(), 2 ** 32, 2 ** 53]);
}

function changeChildren(node: CborNode, children: CborNode[], random: Random): void {
  const step = node.major === MAP ? 2 : 1;
  const entries = Array.from({ length: Math.floor(children.length / step) }, (_, index) => children.slice(index * step, (index + 1) * step));
  const entry = random.pick(entries);
  switch (random.below(4)) {
    case 0:
      entries.splice(entries.indexOf(entry), 1);
      break;
    case 1:
      entries.splice(random.below(entries.length + 1), 0, structuredClone(entry));
      break;
    case 2:
      entries.splice(random.below(entries.length + 1), 0, Array.from({ length: step }, () => literal(random)));
      break;
    default:
      entries.push(...entries.splice(entries.indexOf(entry), 1));
  }
  node.children = entries.flat();
  node.argument = entries.length;
}

function setContent(node: CborNode, content: Bytes): void {
  node.content = content;
  node.argument = content.length;
}

function literal(random: Random): CborNode {
  const text = encodeUtf8(random.pick(['', 'id', 'alg', 'fmt', 'up', '\u00e9', '\ufeffx']));
  return random.pick<() => CborNode>([
    () => ({ major: random.below(2), argument: random.pick([0, 1, 6, 24, 256, 65_535, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 63]) }),
    () => ({ major: BYTES, argument: 0, content: new Uint8Array() }),
    () => setLength({ major: BYTES, argument: 0, content: random.bytes(random.pick([1, 16, 32, 48, 64])) }),
    () => setLength({ major: TEXT, argument: 0, content: text }),
    () => setLength({ major: TEXT, argument: 0, content: random.bytes(random.below(4)) }),
    () => ({ major: ARRAY, argument: 0, children: [] }),
    () => ({ major: MAP, argument: 0, children: [] }),
    () => ({ major: TAG, argument: random.pick([0, 2, 24, 64, 105, 258]), children: [{ major: 0, argument: 1 }] }),
    () => ({ major: SIMPLE, argument: random.pick([0, 20, 21, 22, 23]) }),
    () => ({ major: SIMPLE, argument: random.below(256), width: 1 }),
    () => ({ major: ARRAY, argument: 1, children: [nested(random.below(24))] }),
  ])();
}

function nested(depth: number): CborNode {
  return depth === 0 ? { major: 0, argument: 0 } : { major: ARRAY, argument: 1, children: [nested(depth - 1)] };
}

function setLength(node: CborNode): CborNode {
  node.argument = node.content?.length ?? 0;
  return node;
}

function flatten(root: CborNode): CborNode[] {
  return [root, ...(root.children ?? []).flatMap(flatten)];
}

/** A tree that ends where the bytes end, from the front or from a place within. */
function findTree(bytes: Bytes, random: Random): { readonly root: CborNode; readonly start: number } | undefined {
  for (const start of [0, 1, 37, ...Array.from({ length: 8 }, () => random.below(bytes.length))]) {
    const reader = new Reader(bytes, start);
    const root = reader.item(0);
    if (root !== undefined && reader.offset === bytes.length) return { root, start };
  }
  return undefined;
}

class Reader {
  offset: number;
  readonly #bytes: Bytes;
  #nodes = 0;

  constructor(bytes: Bytes, offset: number) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  item(depth: number): CborNode | undefined {
    const initial = this.#bytes[this.offset];
    this.#nodes += 1;
    if (initial === undefined || depth > 30 || this.#nodes > MAX_NODES) return undefined;
    this.offset += 1;
    const major = initial >> 5;
    const information = initial & 0x1f;
    if (information > 27) return undefined;
    const width = information < 24 ? 0 : 1 << (information - 24);
    if (this.offset + width > this.#bytes.length) return undefined;
    let argument = information < 24 ? information : 0;
    for (let index = 0; index < width; index += 1) argument = argument * 256 + (this.#bytes[this.offset + index] ?? 0);
    this.offset += width;
    const node: CborNode = { major, argument, ...(width > 0 ? { width } : {}) };
    if (major === BYTES || major === TEXT) return this.#content(node);
    if (major === ARRAY || major === MAP || major === TAG) return this.#children(node, depth);
    return node;
  }

  #content(node: CborNode): CborNode | undefined {
    const end = this.offset + node.argument;
    if (end > this.#bytes.length) return undefined;
    node.content = copyBytes(this.#bytes.subarray(this.offset, end));
    this.offset = end;
    // The head is written anew, so that content can change its length.
    delete node.width;
    return node;
  }

  #children(node: CborNode, depth: number): CborNode | undefined {
    const { major } = node;
    const count = major === TAG ? 1 : major === MAP ? 2 * node.argument : node.argument;
    node.children = [];
    for (let index = 0; index < count; index += 1) {
      const child = this.item(depth + 1);
      if (child === undefined) return undefined;
      node.children.push(child);
    }
    return node;
  }
}

function write(node: CborNode): Bytes {
  return concatBytes(head(node), node.content ?? new Uint8Array(), ...(node.children ?? []).map(write));
}

function head({ major, argument, width = 0 }: CborNode): Bytes {
  const initial = major << 5;
  const least = argument < 24 ? 0 : argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 2 ** 32 ? 4 : 8;
  const bytes = Math.max(width, least);
  if (bytes === 0) return Uint8Array.of(initial | argument);
  const written = new Uint8Array(1 + bytes);
  written[0] = initial | (24 + Math.log2(bytes));
  let rest = BigInt(argument);
  for (let index = bytes; index > 0; index -= 1) {
    written[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return written;
}
