import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Route } from '../http/exchange.ts';

const SCRIPTS = ['sign-in', 'sign-in-user-name', 'add-key'] as const;

/** Bundles the page scripts (with @simplewebauthn/browser from node_modules) in memory; the result are the routes that serve them and the style sheet. */
export async function loadAssetRoutes(): Promise<readonly Route[]> {
  const [style, bundles] = await Promise.all([
    readFile(new URL('../pages/style.css', import.meta.url), 'utf8'),
    build({
      entryPoints: SCRIPTS.map((name) => fileURLToPath(new URL(`../browser/${name}.ts`, import.meta.url))),
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      outdir: 'assets',
      logLevel: 'silent',
    }),
  ]);
  const scripts = SCRIPTS.map((name) => {
    const output = bundles.outputFiles.find(({ path }) => /[^/\\]+$/.exec(path)?.[0] === `${name}.js`);
    if (!output) throw new Error(`The bundler made no ${name}.js.`);
    return asset(`/assets/${name}.js`, 'text/javascript; charset=utf-8', output.text);
  });
  return [asset('/assets/style.css', 'text/css; charset=utf-8', style), ...scripts];
}

function asset(path: string, type: string, body: string): Route {
  const headers = { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  return { method: 'GET', path, access: 'open', handle: () => ({ status: 200, headers, body }) };
}
