// `npm test`: everything that must hold, on any machine, with one closing line: N passed, N failed.
// Arguments are passed on to vitest: `npm test -- test/shared` runs only those tests (and no other checks).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { prepare, run } from './prepare.mjs';

const filters = process.argv.slice(2);

/** Checks besides the tests; each counts as one. The build comes first: later ones look at its output. */
const CHECKS = [
  ['build', ['run', '--silent', 'build']],
  ['types', ['run', '--silent', 'typecheck']],
  ['lint', ['run', '--silent', 'lint']],
  ['import directions', ['run', '--silent', 'lint:imports']],
  ['unused code', ['run', '--silent', 'lint:unused']],
  ['extension lint', ['run', '--silent', 'lint:extension']],
  ['size budgets', ['run', '--silent', 'size']],
];

function runChecks() {
  return CHECKS.map(([name, args]) => {
    console.log(`\n== ${name}`);
    return { name, ok: run('npm', args) === 0 };
  });
}

function runVitest() {
  console.log('\n== tests');
  const folder = mkdtempSync(path.join(tmpdir(), 'keystile-report-'));
  const report = path.join(folder, 'report.json');
  const status = run('npx', ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters]);
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    // A file that fails to load has no tests of its own; it must count all the same.
    const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'));
    const failed = numFailedTests + brokenFiles.length;
    return { passed: numPassedTests, failed: status !== 0 && failed === 0 ? 1 : failed, skipped: numPendingTests };
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

prepare({ firefox: true });
const checks = filters.length === 0 ? runChecks() : [];
const tests = runVitest();
const failedChecks = checks.filter(({ ok }) => !ok);
for (const { name } of failedChecks) console.log(`failed: ${name}`);
if (tests.skipped > 0) console.log(`${tests.skipped} tests skipped`);
const failed = tests.failed + failedChecks.length;
console.log(`${tests.passed + checks.length - failedChecks.length} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
