import { readFileSync } from 'node:fs';

import { crx } from '@crxjs/vite-plugin';
import { defineConfig, type Plugin } from 'vite';

import { BuildTarget, extensionManifest, MANAGED_SCHEMA_FILE } from './manifests/extension.ts';
import { MANAGED_SCHEMA } from './manifests/policy/managed-schema.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** One source, one build per browser: `vite build --mode chromium` and `--mode firefox`. */
export default defineConfig(({ mode }) => {
  const target = mode === BuildTarget.firefox ? BuildTarget.firefox : BuildTarget.chromium;
  return {
    root: 'extension',
    publicDir: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    define: { __KEYSTILE_VERSION__: JSON.stringify(version) },
    plugins: [
      managedSchema(),
      crx({ manifest: extensionManifest(target, version), browser: target === 'firefox' ? 'firefox' : 'chrome' }),
    ],
    build: {
      outDir: `../dist/${target}`,
      emptyOutDir: true,
      modulePreload: false,
      target: target === 'firefox' ? 'firefox140' : 'chrome120',
      rolldownOptions: {
        // Inlining would put the text of the public suffix list into the worker several times.
        optimization: { inlineConst: false },
        input: { prompt: 'extension/ui/prompt/index.html', popup: 'extension/ui/popup/index.html' },
      },
    },
  };
});

/** The schema of the administrator's settings, as a file of the build. */
function managedSchema(): Plugin {
  return {
    name: 'keystile-managed-schema',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: MANAGED_SCHEMA_FILE, source: JSON.stringify(MANAGED_SCHEMA, null, 2) });
    },
  };
}
