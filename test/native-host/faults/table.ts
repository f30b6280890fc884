import { readFileSync } from 'node:fs';
import path from 'node:path';

const DOCUMENT = path.resolve(import.meta.dirname, '../../../docs/TESTING.md');

/** Words of the outcomes, short enough for a table. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['ok', 'ok'],
  ['ok, put back', 'again'],
  ['deviceRemoved', 'gone'],
  ['deviceError', 'error'],
  ['deniedOnDevice', 'denied'],
  ['cancelledByUser', 'cancel'],
  ['noCredentials', 'none'],
  ['unsupportedRequirement', 'unable'],
]);

/** A cell. What has no short word is as it is. */
export function abbreviate(outcome: string): string {
  return SHORT.get(outcome) ?? outcome;
}

/** Whether a cell tells how a ceremony ended; anything else tells what went wrong with the case. */
export function isOutcome(cell: string): boolean {
  return [...SHORT.values()].includes(cell);
}

/** The matrix as docs/TESTING.md has it, between comments with that name. */
export function readTable(name: string): string {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [, table] = new RegExp(`<!-- faults: ${name} -->\\n([^]*?)\\n<!-- end -->`).exec(text) ?? [];
  if (table === undefined) throw new Error(`docs/TESTING.md has no table of faults with the name ${name}.`);
  return table;
}

/** Writes a table: rows by name, cells in the order of the columns. */
export function formatTable(columns: readonly string[], rows: ReadonlyMap<string, readonly string[]>): string {
  const lines = [['step', ...columns], ['---', ...columns.map(() => '---')], ...Array.from(rows, ([name, cells]) => [name, ...cells])];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
