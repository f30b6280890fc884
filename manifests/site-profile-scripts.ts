import path from 'node:path';

import { build } from 'esbuild';
import type { Plugin } from 'vite';

import { profileScript, SITE_PROFILES } from '../extension/background/site-profiles/profiles.ts';

const SOURCE = path.resolve(import.meta.dirname, '../extension/page/site-profile.iife.ts');

/**
 * Page scripts of the site profiles: one file each, which knows its own profile only. They are no content scripts of
 * the manifest, because they run only where their profile is on.
 *
 * @param target oldest browser, in esbuild's words.
 */
export function siteProfileScripts(target: string): Plugin {
  return {
    name: 'keystile-site-profile-scripts',
    async generateBundle() {
      for (const profile of SITE_PROFILES) {
        const { outputFiles } = await build({
          entryPoints: [SOURCE],
          bundle: true,
          minify: true,
          write: false,
          format: 'iife',
          target,
          define: { __SITE_CHANGES__: JSON.stringify(profile.changes) },
        });
        this.emitFile({ type: 'asset', fileName: profileScript(profile), source: outputFiles[0]?.text ?? '' });
      }
    },
  };
}
