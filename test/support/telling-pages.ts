import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of pages that nobody drives: they tell what happens in them, and wait to be told when to go on. */
export interface TellingPages {
  readonly origin: string;
  /** What was told, in order. */
  readonly told: readonly string[];
  /** Resolves as soon as a page has told something that begins so. */
  hear(beginning: string): Promise<string>;
  /** Lets the page go on that waits, or will wait, for `what`. */
  release(what: string): void;
  close(): void;
}

/** For every page: `tell(text)`, and `until(what)`, which resolves when the test releases it. */
const SCRIPT = `
  const tell = (text) => fetch('/tell?' + encodeURIComponent(text), { keepalive: true });
  const until = (what) => fetch('/until?' + encodeURIComponent(what));`;

/**
 * Serves pages on localhost.
 *
 * @param pages HTML by path. Each gets the two functions before anything of its own.
 */
export async function serveTellingPages(pages: Readonly<Record<string, string>>): Promise<TellingPages> {
  const told: string[] = [];
  const listeners = new Set<() => void>();
  const released = new Set<string>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const when = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });

  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
    const text = decodeURIComponent(search.slice(1));
    if (pathname === '/tell') {
      told.push(text);
      changed();
      response.end();
      return;
    }
    if (pathname === '/until') {
      void when(() => released.has(text)).then(() => response.end());
      return;
    }
    const page = pages[pathname];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(`<!doctype html><script>${SCRIPT}</script>${page ?? ''}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const find = (beginning: string): string | undefined => told.find((text) => text.startsWith(beginning));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port.toString()}`,
    told,
    async hear(beginning) {
      await when(() => find(beginning) !== undefined);
      return find(beginning) ?? '';
    },
    release(what) {
      released.add(what);
      changed();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
