import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server with pages that never call WebAuthn, on localhost, where the extension's scripts run. */
export interface OrdinaryPages {
  /** A page of 500 paragraphs, with a style sheet and a script that reads the layout. */
  readonly page: string;
  /** Nothing. */
  readonly empty: string;
  close(): void;
}

const PAGE = `<!doctype html><title>Page</title><style>p { margin: 1em } b { color: green }</style>
${'<p>Some <b>text</b> of a page</p>\n'.repeat(500)}<script>
for (const paragraph of document.querySelectorAll('p')) paragraph.title = paragraph.textContent;
document.body.offsetHeight;
</script>`;

/** Starts it on a free port. */
export async function serveOrdinaryPages(): Promise<OrdinaryPages> {
  const server = createServer(({ url }, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' }).end(url === '/page' ? PAGE : '<!doctype html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port.toString()}`;
  return {
    page: `${origin}/page`,
    empty: `${origin}/empty`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
