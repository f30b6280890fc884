import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** What a file of the built Chromium extension weighs, with everything that it loads. */
export interface Weight {
  readonly files: number;
  readonly bytes: number;
  /** Bytes after gzip of each file, in all. */
  readonly gzip: number;
}

const BUILD = path.resolve(import.meta.dirname, '../../dist/chromium');

/** Runs in every frame of every site, in the page's realm. */
export const PAGE_SCRIPT = 'page/interceptor.iife.js';
/** The same, beside it. */
export const RELAY = 'content/relay.iife.js';

/** Weighs a file; the name is a path within the build. */
export function weigh(entry: string): Weight {
  const contents = [...withReferences(entry).values()];
  return {
    files: contents.length,
    bytes: contents.reduce((sum, content) => sum + content.length, 0),
    gzip: contents.reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0),
  };
}

/** Scripts, styles and static imports that a file names, as paths within the build. */
function referencesOf(file: string, text: string): string[] {
  const pattern = file.endsWith('.html') ? /(?:src|href)="([^"]+\.(?:js|css))"/g : /(?:from|import)\s*["']([^"']+\.js)["']/g;
  return Array.from(text.matchAll(pattern), ([, reference = '']) =>
    reference.startsWith('/') ? reference.slice(1) : path.posix.join(path.posix.dirname(file), reference),
  );
}

/** The file with everything that it loads. */
function withReferences(file: string, seen = new Map<string, Buffer>()): ReadonlyMap<string, Buffer> {
  if (seen.has(file)) return seen;
  const content = readFileSync(path.join(BUILD, file));
  seen.set(file, content);
  for (const reference of referencesOf(file, content.toString())) withReferences(reference, seen);
  return seen;
}
