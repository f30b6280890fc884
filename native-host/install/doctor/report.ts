import type { Check, CheckState } from './check.ts';

const LABELS: Record<CheckState, string> = { ok: 'ok', warning: 'warning', problem: 'PROBLEM', skipped: 'skipped' };

const LABEL_WIDTH = 9;

/** Tells the checks to a person: what was found, why, and what to do next; a summary at the end. */
export function formatReport(checks: readonly Check[]): string {
  const lines = checks.filter(({ state }) => state !== 'skipped').map(formatCheck);
  const skipped = checks.filter(({ state }) => state === 'skipped').map(({ title }) => title);
  if (skipped.length > 0) lines.push(`${LABELS.skipped.padEnd(LABEL_WIDTH)}${skipped.join('; ')}`);
  return `${lines.join('\n')}\n\n${summary(checks)}\n`;
}

function formatCheck({ state, title, detail, remedy }: Check): string {
  const lines = [`${LABELS[state].padEnd(LABEL_WIDTH)}${title}`];
  if (detail !== '') lines.push(indent(detail));
  if (remedy !== undefined) lines.push(indent(`What to do: ${remedy}`));
  return lines.join('\n');
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(LABEL_WIDTH) + line))
    .join('\n');
}

function summary(checks: readonly Check[]): string {
  const problems = count(checks, 'problem');
  const warnings = count(checks, 'warning');
  if (problems === 0 && warnings === 0) return 'Everything is as it should be.';
  return [quantity(problems, 'problem'), quantity(warnings, 'warning')].filter((part) => part !== '').join(', ');
}

function count(checks: readonly Check[], wanted: CheckState): number {
  return checks.filter(({ state }) => state === wanted).length;
}

function quantity(number: number, noun: string): string {
  if (number === 0) return '';
  return `${number.toString()} ${noun}${number === 1 ? '' : 's'}`;
}
