import { type Socket, createSocket } from 'node:dgram';

import type { UdpPair } from './pairs.ts';

/** What a socket tells its user. */
export interface UdpSocketListener {
  readonly datagram: (bytes: Uint8Array) => void;
  /** The operating system reported that nobody listens at the key's port. */
  readonly refused: () => void;
}

/** Datagrams to and from one pair. */
export class UdpSocket {
  readonly #sender: Socket;
  readonly #receiver: Socket | undefined;

  private constructor(sender: Socket, receiver: Socket | undefined) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /**
   * Opens the sockets. Rejects with the system's error when the reply port is taken.
   *
   * The sending socket is connected, because only then does the system report that nobody listens, and datagrams of
   * other senders stay out. Simulators with a reply port may send from any port, so there is a second, open socket.
   */
  static async open(pair: UdpPair, listener: UdpSocketListener): Promise<UdpSocket> {
    const sender = newSocket(pair, listener);
    if (pair.replyPort === undefined) {
      await connect(sender, pair);
      return new UdpSocket(sender, undefined);
    }
    const receiver = newSocket(pair, listener);
    try {
      await bind(receiver, pair.host, pair.replyPort);
      await connect(sender, pair);
    } catch (error) {
      receiver.close();
      sender.close();
      throw error;
    }
    return new UdpSocket(sender, receiver);
  }

  /** Sends at once; whether anybody listens shows later. */
  send(datagram: Uint8Array): void {
    this.#sender.send(datagram);
  }

  /** Closes the sockets; nothing is delivered afterwards. */
  close(): void {
    this.#sender.removeAllListeners('message').close();
    this.#receiver?.removeAllListeners('message').close();
  }
}

function newSocket(pair: UdpPair, listener: UdpSocketListener): Socket {
  const socket = createSocket(pair.host === '::1' ? 'udp6' : 'udp4');
  socket.on('message', (message, remote) => {
    if (remote.address === pair.host) listener.datagram(message);
  });
  // On loopback there is one error in practice, ECONNREFUSED; any other one means the same: it cannot be reached.
  socket.on('error', () => listener.refused());
  return socket;
}

function connect(socket: Socket, { host, port }: UdpPair): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
