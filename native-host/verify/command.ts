import type { Readable } from 'node:stream';

import type { Command } from 'commander';

import { printable } from '../management/cli/printable.ts';
import { importByOpenSsl } from './openssl.ts';
import { readText } from './read-text.ts';
import { type FileResult, NOTHING_JUDGED, verifyFile } from './verify-file.ts';

/** What the command needs from the composition root. */
export interface VerifyContext {
  /** Standard input, for the file `-`. */
  readonly input: Readable;
  /** Writes text to standard output. */
  readonly print: (text: string) => void;
  /** Sets the exit code: 0 when every entry was judged, 1 otherwise. */
  readonly exit: (code: 0 | 1) => void;
}

/** Adds `verify` to the `keystile` command. */
export function addVerifyCommand(program: Command, { input, print, exit }: VerifyContext): void {
  program
    .command('verify')
    .description('judge recorded ceremonies again: a JSON object or an array of them (docs/VERIFIER.md)')
    .argument('<file>', 'what the popup copied, or test vectors; - for standard input')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, { json = false }: { readonly json?: boolean }) => {
      const text = await readText(file, input);
      const judged = text.ok ? await verifyFile(text.value, Date.now(), importByOpenSsl) : text;
      exit(judged.ok && judged.value.notJudged.length === 0 ? 0 : 1);
      if (json) print(`${JSON.stringify(judged.ok ? judged.value : { ...NOTHING_JUDGED, error: judged.error }, undefined, 2)}\n`);
      else print(judged.ok ? describe(judged.value) : `${judged.error}\n`);
    });
}

function describe({ results, totals, notJudged }: FileResult): string {
  const lines = results.map(({ name, verdict, failed }) => `${verdict.padEnd(12)} ${printable(name)}${failed.length === 0 ? '' : `: ${failed.join(', ')}`}`);
  for (const { name, detail } of notJudged) lines.push(`${'not judged'.padEnd(12)} ${printable(name)}: ${printable(detail)}`);
  const { entries, accepted, refused, unverifiable } = totals;
  const sum = [accepted, refused, unverifiable, totals.notJudged].map((count) => count.toString());
  lines.push(`${entries.toString()} entries: ${sum[0] ?? ''} accepted, ${sum[1] ?? ''} refused, ${sum[2] ?? ''} unverifiable, ${sum[3] ?? ''} not judged`);
  return `${lines.join('\n')}\n`;
}
