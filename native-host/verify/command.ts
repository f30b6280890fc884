import { readFile, stat } from 'node:fs/promises';

import type { Command } from 'commander';

import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { printable } from '../management/cli/printable.ts';
import { importByOpenSsl } from './openssl.ts';
import { type FileResult, verifyFile } from './verify-file.ts';

/** What the command needs from the composition root. */
export interface VerifyContext {
  /** Writes text to standard output. */
  readonly print: (text: string) => void;
  /** Sets the exit code: 0 when every entry was judged, 1 otherwise. */
  readonly exit: (code: 0 | 1) => void;
}

/** Far above any record of ceremonies; keeps a wrong file from filling the memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Adds `verify` to the `keystile` command. */
export function addVerifyCommand(program: Command, { print, exit }: VerifyContext): void {
  program
    .command('verify')
    .description('judge recorded ceremonies again: a JSON object or an array of them (docs/VERIFIER.md)')
    .argument('<file>', 'what the popup exported, or test vectors')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, { json = false }: { readonly json?: boolean }) => {
      const text = await readText(file);
      const judged = text.ok ? await verifyFile(text.value, Date.now(), importByOpenSsl) : text;
      exit(judged.ok && judged.value.notJudged.length === 0 ? 0 : 1);
      if (json) print(`${JSON.stringify(judged.ok ? judged.value : { results: [], totals: {}, error: judged.error }, undefined, 2)}\n`);
      else print(judged.ok ? describe(judged.value) : `${judged.error}\n`);
    });
}

async function readText(file: string): Promise<Result<string, string>> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) return failure('The file is too large.');
    return success(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    return failure(`The file cannot be read (${reason}).`);
  }
}

function describe({ results, totals, notJudged }: FileResult): string {
  const lines = results.map(({ name, verdict, failed }) => `${verdict.padEnd(12)} ${printable(name)}${failed.length === 0 ? '' : `: ${failed.join(', ')}`}`);
  for (const { name, detail } of notJudged) lines.push(`${'not judged'.padEnd(12)} ${printable(name)}: ${printable(detail)}`);
  const { entries, accepted, refused, unverifiable } = totals;
  const sum = [accepted, refused, unverifiable, totals.notJudged].map((count) => count.toString());
  lines.push(`${entries.toString()} entries: ${sum[0] ?? ''} accepted, ${sum[1] ?? ''} refused, ${sum[2] ?? ''} unverifiable, ${sum[3] ?? ''} not judged`);
  return `${lines.join('\n')}\n`;
}
