import { readFileSync } from 'node:fs';

import { crx } from '@crxjs/vite-plugin';
import { defineConfig, type Plugin } from 'vite';

import { BuildTarget, extensionManifest, MANAGED_SCHEMA_FILE } from './manifests/extension.ts';
import { MANAGED_SCHEMA } from './manifests/policy/managed-schema.ts';
import { siteProfileScripts } from './manifests/site-profile-scripts.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** One source, one build per browser: `vite build --mode chromium` and `--mode firefox`. */
export default defineConfig(({ mode }) => {
  const target = mode === BuildTarget.firefox ? BuildTarget.firefox : BuildTarget.chromium;
  const oldest = target === 'firefox' ? 'firefox140' : 'chrome120';
  return {
    root: 'extension',
    publicDir: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    define: { __KEYSTILE_VERSION__: JSON.stringify(version) },
    plugins: [
      managedSchema(),
      siteProfileScripts(oldest),
      crx({ manifest: extensionManifest(target, version), browser: target === 'firefox' ? 'firefox' : 'chrome' }),
    ],
    build: {
      outDir: `../dist/${target}`,
      emptyOutDir: true,
      // The prompt's modules are fetched at once, not one after another as each names the next.
      modulePreload: { polyfill: false },
      target: oldest,
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
