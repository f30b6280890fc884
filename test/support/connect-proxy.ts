import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A proxy for https on this machine: whatever host and port are asked for, the connection goes to a port here. */
export interface ConnectProxy {
  readonly port: number;
  close(): void;
}

/**
 * Starts a proxy for browsers that cannot be told where a host and port are.
 *
 * @param portOf the port on 127.0.0.1 for `host:port`; `undefined` refuses the connection.
 */
export async function startConnectProxy(portOf: (target: string) => number | undefined): Promise<ConnectProxy> {
  const server: Server = createServer((_, response) => void response.writeHead(405).end());
  server.on('connect', ({ url = '' }, client) => {
    const port = portOf(url);
    if (port === undefined) {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client);
      client.pipe(upstream);
    });
    // Either end may go at any time; the other one then goes too.
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
