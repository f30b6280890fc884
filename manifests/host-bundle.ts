import path from 'node:path';

import type { BuildOptions } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');

/** Sources of the host's two programs. */
export const HOST_ENTRY_POINTS = {
  main: path.join(root, 'native-host/main.ts'),
  cli: path.join(root, 'native-host/cli.ts'),
} as const;

/**
 * How the host is bundled: the one place for the build and for every test that bundles it, so that what is tested is
 * what is built. Entry points and output are the caller's.
 *
 * @param release without the development transport.
 */
export function hostBundleOptions({ release, version }: { readonly release: boolean; readonly version: string }): BuildOptions {
  return {
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Native add-ons stay packages: they load their binary from beside themselves, and only when needed.
    external: ['node-hid', 'koffi'],
    // nfc-pcsc is given our binding, in its TypeScript form.
    alias: { '@pokusew/pcsclite': path.join(root, 'native-host/pcsclite/drop-in.ts') },
    define: { __KEYSTILE_RELEASE__: JSON.stringify(release), __KEYSTILE_VERSION__: JSON.stringify(version) },
    legalComments: 'none',
  };
}
