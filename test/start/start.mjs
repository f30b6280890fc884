// `npm start`: brings in what is missing, builds, and runs the demonstration.
import { prepare, run } from '../support/prepare.mjs';

const args = process.argv.slice(2);
// With --json standard output belongs to the machine: everything else goes to standard error.
const quiet = args.includes('--json');
const ownBrowser = args.some((argument) => argument === '--browser' || argument.startsWith('--browser='));

prepare({ browser: !ownBrowser, quiet });
if (run('npm', ['run', '--silent', 'build'], { quiet }) !== 0) {
  console.error('The build failed (see above).');
  process.exit(1);
}
process.exit(run(process.execPath, ['--import', 'tsx', 'test/start/main.ts', ...args]));
