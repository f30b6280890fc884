import { spawnSync } from 'node:child_process';

/**
 * `npm run typecheck`: the five TypeScript projects one after the other, so that each folder sees only its own
 * platform, and the configuration files at the top.
 */
const PROJECTS = ['shared', 'native-host', 'extension', 'manifests', 'test', '.'];

let failed = 0;
for (const project of PROJECTS) {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { stdio: 'inherit' });
  console.log(`typecheck ${project}: ${status === 0 ? 'ok' : 'failed'}`);
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
