import { spawnSync } from 'node:child_process';

/**
 * `npm run lint:extension`: web-ext's linter over the Firefox build. No errors, and no warnings but the known ones.
 */
const KNOWN_WARNINGS = new Map([
  ['UNSAFE_VAR_ASSIGNMENT', 'preact sets innerHTML only for dangerouslySetInnerHTML, which no screen uses'],
  ['KEY_FIREFOX_UNSUPPORTED_BY_MIN_VERSION', 'data collection permissions are ignored by older versions'],
  ['KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION', 'the extension needs a native host: there is none on Android'],
]);

interface LintMessage {
  readonly code: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

interface LintReport {
  readonly errors: readonly LintMessage[];
  readonly warnings: readonly LintMessage[];
}

const { stdout, stderr } = spawnSync(
  process.execPath,
  ['node_modules/web-ext/bin/web-ext.js', 'lint', '--source-dir', 'dist/firefox', '--output', 'json', '--no-config-discovery'],
  { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
);

let report: LintReport;
try {
  report = JSON.parse(stdout) as LintReport;
} catch {
  throw new Error(`web-ext lint gave no report. Run "npm run build" first. It said:\n${stderr}`);
}

const unexpected = [...report.errors, ...report.warnings.filter(({ code }) => !KNOWN_WARNINGS.has(code))];
for (const { code, message, file, line } of unexpected) {
  console.error(`${code} ${file ?? ''}:${String(line ?? '')} ${message}`);
}
console.log(`web-ext lint: ${unexpected.length.toString()} unexpected messages, ${report.warnings.length.toString()} warnings in all`);
process.exitCode = unexpected.length === 0 ? 0 : 1;
