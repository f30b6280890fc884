import { type Bytes, concatBytes, copyBytes } from '../../../shared/bytes/bytes.ts';
import type { Random } from './random.ts';

/** Changes DER as a tree: the lengths around a change are right again, unless a length is what is changed. */

/** An element. `prefix`: what stands in the content before its children (the count of unused bits of a BIT STRING). */
interface DerNode {
  tag: number;
  content?: Bytes;
  prefix?: Bytes;
  children?: DerNode[];
  /** Bytes of the length, where it shall not be the shortest. */
  lengthWidth?: number;
}

const TAGS = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0x30, 0x31, 0x1e, 0x80, 0x81, 0x82, 0xa0, 0xa3, 0x1f, 0x24];

/** Mutates the DER in `bytes`, if all of them are one element. */
export function mutateDer(bytes: Bytes, random: Random, other: Bytes, mutateContent: (content: Bytes) => Bytes): Bytes | undefined {
  const roots = readAll(bytes, 0);
  const [root] = roots ?? [];
  if (root === undefined || roots?.length !== 1) return undefined;
  const nodes = flatten(root);
  const node = random.pick(nodes);
  const foreign = (readAll(other, 0) ?? []).flatMap(flatten);
  switch (random.below(7)) {
    case 0:
      node.tag = random.pick(TAGS);
      break;
    case 1:
      node.lengthWidth = 1 + random.below(4);
      break;
    case 2:
      replace(node, structuredClone(random.pick(nodes)));
      break;
    case 3:
      if (foreign.length > 0) replace(node, structuredClone(random.pick(foreign)));
      break;
    default:
      if (node.children !== undefined && node.children.length > 0) changeChildren(node.children, random);
      else node.content = mutateContent(node.content ?? new Uint8Array());
  }
  return write(root);
}

function changeChildren(children: DerNode[], random: Random): void {
  const child = random.pick(children);
  switch (random.below(3)) {
    case 0:
      children.splice(children.indexOf(child), 1);
      break;
    case 1:
      children.splice(random.below(children.length + 1), 0, structuredClone(child));
      break;
    default:
      children.push(...children.splice(children.indexOf(child), 1));
  }
}

function replace(node: DerNode, by: DerNode): void {
  delete node.content;
  delete node.prefix;
  delete node.children;
  Object.assign(node, by);
}

function flatten(node: DerNode): DerNode[] {
  return [node, ...(node.children ?? []).flatMap(flatten)];
}

function readAll(bytes: Uint8Array, depth: number): DerNode[] | undefined {
  if (depth > 20) return undefined;
  const nodes: DerNode[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const [tag = 0, first = 0] = bytes.subarray(offset);
    const width = first < 0x80 ? 0 : first & 0x7f;
    if (bytes.length < offset + 2 + width || width > 3) return undefined;
    const start = offset + 2 + width;
    const length = width === 0 ? first : bytes.subarray(offset + 2, start).reduce((value, byte) => value * 256 + byte, 0);
    if (start + length > bytes.length) return undefined;
    nodes.push(readNode(tag, copyBytes(bytes.subarray(start, start + length)), depth));
    offset = start + length;
  }
  return nodes;
}

function readNode(tag: number, content: Bytes, depth: number): DerNode {
  const prefix = tag === 0x03 ? content.slice(0, 1) : new Uint8Array();
  const mayNest = (tag & 0x20) !== 0 || tag === 0x03 || tag === 0x04;
  const children = mayNest && content.length > prefix.length + 1 ? readAll(content.subarray(prefix.length), depth + 1) : undefined;
  return children === undefined ? { tag, content } : { tag, prefix, children };
}

function write({ tag, content, prefix, children, lengthWidth }: DerNode): Bytes {
  const body = concatBytes(prefix ?? new Uint8Array(), content ?? new Uint8Array(), ...(children ?? []).map(write));
  return concatBytes(Uint8Array.of(tag), writeLength(body.length, lengthWidth), body);
}

function writeLength(length: number, forced = 0): Bytes {
  const least = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 3;
  const width = Math.max(least, forced);
  if (width === 0) return Uint8Array.of(length);
  return Uint8Array.of(0x80 | width, ...Array.from({ length: width }, (_, index) => Math.floor(length / 256 ** (width - 1 - index)) & 0xff));
}
