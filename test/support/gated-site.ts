import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';

/** What a sign-in page shows of its gates. */
export interface Gates {
  /** What the page's script reads of the flag that its server sets, at once and a moment later. */
  readonly flag: boolean;
  /** What the page's script reads as the user agent. */
  readonly userAgent: string;
  /** The user agent that the server saw when it made the page. */
  readonly seenByServer: string;
  /** What the server answers to a request for the key's page. */
  readonly keyPage: 'offered' | 'refused';
}

/** A server of the test's own on this machine: a sign-in page that hides security keys from all browsers but Chrome, or a way to it. */
export interface GatedSite {
  readonly port: number;
  close(): void;
}

/** The path of the sign-in page on every host. */
export const SIGN_IN_PATH = '/common/login';

/** Chrome, and nothing that names another product beside it. */
function isAllowed({ headers }: IncomingMessage): boolean {
  const userAgent = headers['user-agent'] ?? '';
  const brands = headers['sec-ch-ua'];
  const isChrome = /Chrome\/\d+/.test(userAgent) && !/Edg|Firefox|Headless/.test(userAgent);
  return isChrome && (typeof brands !== 'string' || brands.includes('"Google Chrome"'));
}

/**
 * Serves every host by https: the server sets a flag in a global object of the page, and looks at the user agent
 * again when the page of the key is asked for.
 */
export async function startGatedSite({ cert, key }: { readonly cert: string; readonly key: string }): Promise<GatedSite> {
  const server: Server = createServer({ cert, key }, (request, response) => serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/common/fido/get') {
    response.writeHead(isAllowed(request) ? 200 : 403, { 'content-type': 'text/plain' }).end();
    return;
  }
  if (request.url !== SIGN_IN_PATH) {
    response.writeHead(404).end();
    return;
  }
  const config = { fIsFidoSupported: false, sErrorCode: '', seenByServer: request.headers['user-agent'] };
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'",
  });
  response.end(`<!doctype html><title>Sign in</title><script>
    $Config=${JSON.stringify(config)};
    const flagAtOnce = $Config.fIsFidoSupported;
    globalThis.readGates = async () => ({
      flag: flagAtOnce && $Config.fIsFidoSupported,
      userAgent: navigator.userAgent,
      seenByServer: $Config.seenByServer,
      keyPage: (await fetch('/common/fido/get')).ok ? 'offered' : 'refused',
    });
  </script>`);
}

/** An https proxy (CONNECT) that leads every name to the site, for browsers that cannot map names. */
export async function startProxyTo({ port }: GatedSite): Promise<GatedSite> {
  const server = createHttp().on('connect', (_request, client) => {
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    // Either side may hang up at any time; then so does the other.
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

/** To be run in the page. */
export function readGates(): Promise<Gates> {
  return (globalThis as unknown as { readGates: () => Promise<Gates> }).readGates();
}
