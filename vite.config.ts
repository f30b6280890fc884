import { readFileSync } from 'node:fs';

import { crx } from '@crxjs/vite-plugin';
import { defineConfig } from 'vite';

import { BuildTarget, extensionManifest } from './manifests/extension.ts';

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
    plugins: [crx({ manifest: extensionManifest(target, version), browser: target === 'firefox' ? 'firefox' : 'chrome' })],
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
