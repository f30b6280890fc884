import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../cbor/value.ts';
import type { Checklist } from '../report.ts';
import { type AttestationEvidence, type AttestationInput, type AttestationVerifier, isFormatName } from './format.ts';

const MAX_STATEMENTS = 8;

interface SubStatement {
  readonly fmt: string;
  readonly attStmt: CborMap | readonly CborValue[];
}

type Part = AttestationEvidence & { readonly fmt: string };

/**
 * Format `compound`: two or more statements of other formats. All of them must be verified; the specification leaves it
 * to the Relying Party to be content with fewer.
 *
 * Source: WebAuthn L3 §8.9.
 *
 * @param find the verifier of a format, as for a statement that stands alone.
 */
export function compoundVerifier(find: (fmt: string) => AttestationVerifier | undefined): AttestationVerifier {
  return async (input, checks) => {
    const statements = readStatements(input.attStmt);
    const isWellFormed = checks.check(
      'attestation.compound.statement',
      statements !== undefined,
      'There are two or more statements.',
      'It is not an array of two to eight statements, none of them compound.',
    );
    if (!isWellFormed || statements === undefined) return undefined;
    const verified: Part[] = [];
    for (const statement of statements) {
      const part = await verifyPart(statement, input, checks, find);
      if (part !== undefined) verified.push(part);
    }
    const strongest = verified.find(({ type }) => type === 'certified') ?? verified.find(({ type }) => type === 'self') ?? verified[0];
    if (strongest === undefined || verified.length < statements.length) return undefined;
    return { type: strongest.type, trustPath: strongest.trustPath, parts: verified };
  };
}

function readStatements(attStmt: AttestationInput['attStmt']): readonly SubStatement[] | undefined {
  if (!isCborArray(attStmt) || attStmt.length < 2 || attStmt.length > MAX_STATEMENTS) return undefined;
  const statements: SubStatement[] = [];
  for (const entry of attStmt) {
    if (!isCborMap(entry) || entry.size !== 2) return undefined;
    const fmt = entry.get('fmt');
    const inner = entry.get('attStmt');
    if (typeof fmt !== 'string' || !isFormatName(fmt) || fmt === 'compound' || (!isCborMap(inner) && !isCborArray(inner))) return undefined;
    statements.push({ fmt, attStmt: inner });
  }
  return statements;
}

async function verifyPart(
  { fmt, attStmt }: SubStatement,
  { foreseePath: _foreseePath, ...input }: AttestationInput,
  checks: Checklist,
  find: (fmt: string) => AttestationVerifier | undefined,
): Promise<Part | undefined> {
  const id = 'attestation.compound.format';
  const verifier = find(fmt);
  if (verifier === undefined) {
    checks.unverifiable(id, `The format ${fmt} cannot be verified.`);
    return undefined;
  }
  checks.pass(id, `One statement is ${fmt}.`);
  const evidence = await verifier({ ...input, attStmt }, checks);
  return evidence && { ...evidence, fmt };
}
