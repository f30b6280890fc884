import { sign } from 'node:crypto';

import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';
import { ECDSA_SHA256, type KeyPair, der } from './certificate-builder.ts';

/** Changes of a certificate's inner structure, signed anew: what an authority that writes odd certificates might issue. */

interface Node {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Of constructed elements. */
  readonly children?: readonly Node[];
}

/** A changed certificate, and in words what was done at which place. */
export interface CertificateMutant {
  readonly bytes: Bytes;
  readonly what: string;
}

/** Reads DER that is known to be right. */
function parse(bytes: Uint8Array): Node[] {
  const nodes: Node[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const tag = bytes[offset] ?? 0;
    const first = bytes[offset + 1] ?? 0;
    const count = first < 0x80 ? 0 : first & 0x7f;
    const digits = bytes.subarray(offset + 2, offset + 2 + count);
    const length = count === 0 ? first : digits.reduce((number, digit) => number * 256 + digit, 0);
    const start = offset + 2 + count;
    const content = bytes.subarray(start, start + length);
    nodes.push({ tag, content, ...((tag & 0x20) === 0 ? {} : { children: parse(content) }) });
    offset = start + length;
  }
  return nodes;
}

type Edit = (node: Node) => readonly Uint8Array[];

const encode = (node: Node): Bytes => der(node.tag, ...(node.children?.map(encode) ?? [node.content]));
const flipped = (content: Uint8Array, position: number): Uint8Array =>
  content.map((byte, index) => (index === position ? byte ^ 1 : byte));

const EDITS: Readonly<Record<string, Edit>> = {
  'left out': () => [],
  'given twice': (node) => [encode(node), encode(node)],
  empty: ({ tag }) => [der(tag)],
  'of another tag': (node) => [der(node.tag ^ 0x40, node.content)],
  'NULL in its place': () => [der(0x05)],
  'length in long form': (node) => [longLength(encode(node))],
  'length indefinite': (node) => [new Uint8Array([node.tag, 0x80, ...node.content, 0, 0])],
  'with a zero before': (node) => [der(node.tag, Uint8Array.of(0), node.content)],
  'with a byte behind': (node) => [der(node.tag, node.content, Uint8Array.of(0))],
  'with NULL behind': (node) => [der(node.tag, node.content, der(0x05))],
  'turned round': (node) => [der(node.tag, ...(node.children?.map(encode).toReversed() ?? [node.content.toReversed()]))],
  'first byte changed': (node) => [der(node.tag, flipped(node.content, 0))],
  'last byte changed': (node) => [der(node.tag, flipped(node.content, node.content.length - 1))],
};

/** The same element, its length written with one byte more than needed. */
function longLength(encoded: Uint8Array): Uint8Array {
  const [tag = 0, first = 0] = encoded;
  const head = first < 0x80 ? [0x81, first] : [0x80 | ((first & 0x7f) + 1), 0];
  return new Uint8Array([tag, ...head, ...encoded.subarray(2)]);
}

/** All edits of all elements of a certificate's signed part; each result is signed anew by the issuer. */
export function* certificateMutants(certificate: Uint8Array, issuer: KeyPair): Generator<CertificateMutant> {
  const tbs = parse(certificate)[0]?.children?.[0];
  if (tbs === undefined) throw new TypeError('Not a certificate.');
  for (const path of pathsOf(tbs)) {
    for (const [what, edit] of Object.entries(EDITS)) {
      const [edited, ...others] = rewrite(tbs, path, edit);
      if (edited === undefined || others.length > 0 || equalBytes(edited, encode(tbs))) continue;
      const signature = sign('SHA256', edited, issuer.privateKey);
      yield { bytes: der(0x30, edited, ECDSA_SHA256, der(0x03, Uint8Array.of(0), signature)), what: `${path.join('.')} ${what}` };
    }
  }
}

function* pathsOf(node: Node, path: readonly number[] = []): Generator<readonly number[]> {
  yield path;
  for (const [index, child] of (node.children ?? []).entries()) yield* pathsOf(child, [...path, index]);
}

function rewrite(node: Node, [step, ...rest]: readonly number[], edit: Edit): readonly Uint8Array[] {
  if (step === undefined) return edit(node);
  return [der(node.tag, ...(node.children ?? []).flatMap((child, index) => (index === step ? rewrite(child, rest, edit) : [encode(child)])))];
}
