import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { PROTOCOL_VERSION } from '../../shared/wire/envelope.ts';
import { NATIVE_HOST_NAME, nativeHop, type NativeHop } from '../../shared/wire/native.ts';
import { createRequester, type Requester } from '../../shared/wire/requester.ts';
import type { HostStatus } from '../../shared/wire/ui.ts';
import type { NativePort } from '../platform/ports.ts';
import { describeDisconnect, type HostUnavailable } from './host-status.ts';
import { randomId } from './random-id.ts';

/** Milliseconds. */
export interface NativeHostTimes {
  /** For the host's first answer after it was started. */
  readonly hello: number;
  /** How long "cannot be used" is believed before the browser is asked again. */
  readonly unavailable: number;
  /** How long an unused host is kept running. */
  readonly idle: number;
}

/** Generous for a slow disk; short enough that an installed host is found by the very next try; one sign-in long. */
export const NATIVE_HOST_TIMES: NativeHostTimes = { hello: 10_000, unavailable: 2_000, idle: 120_000 };

/** A host that said hello. */
export type HostSession = Pick<Requester<NativeHop>, 'request'>;

/** The native host's process, started when needed. */
export interface NativeHost {
  readonly status: HostStatus;
  /**
   * Gives a host that is ready, starting it if none runs. Never rejects; ends within the hello deadline.
   * A host found unavailable is not tried again for a moment, so that pages are not held up.
   */
  connect(): Promise<Result<HostSession, HostUnavailable>>;
  /** As {@link connect}, without believing what was found before. */
  check(): Promise<Result<HostSession, HostUnavailable>>;
  /** Ends the process: it broke the protocol or does not let go. Its requests end as disconnected. */
  kill(): void;
  /** The returned function must be called when the host is no longer in use; it is then kept for the idle time. */
  use(): () => void;
  onStatus(listener: (status: HostStatus) => void): void;
}

interface Connection {
  readonly port: NativePort;
  readonly requester: Requester<NativeHop>;
  readonly ready: Promise<Result<HostSession, HostUnavailable>>;
  /** Settles `ready`; later calls do nothing. */
  readonly settle: (outcome: Result<HostSession, HostUnavailable>) => void;
  isReady: boolean;
}

/** Builds the owner of the one connection to the native host. */
export function createNativeHost(
  { version, connectNative }: { readonly version: string; readonly connectNative: (name: string) => NativePort },
  times: NativeHostTimes = NATIVE_HOST_TIMES,
): NativeHost {
  const listeners: ((status: HostStatus) => void)[] = [];
  let status: HostStatus = { status: 'unknown' };
  let unavailableUntil = 0;
  let connection: Connection | undefined;
  let users = 0;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  function setStatus(next: HostStatus): void {
    status = next;
    for (const listener of listeners) listener(next);
  }

  /** Without `why` it was only unused. */
  function end(ended: Connection, why: HostUnavailable | undefined): void {
    if (connection !== ended) return;
    connection = undefined;
    clearTimeout(idleTimer);
    ended.port.disconnect();
    if (why === undefined) {
      setStatus({ status: 'unknown' });
    } else {
      // A host that ran a moment ago will most likely run again: only what never started is believed.
      unavailableUntil = why.problem === 'crashed' ? 0 : performance.now() + times.unavailable;
      setStatus(why);
      ended.settle(failure(why));
    }
    ended.requester.disconnected();
  }

  function restartIdleTimer(): void {
    clearTimeout(idleTimer);
    if (users > 0 || connection === undefined) return;
    const unused = connection;
    idleTimer = setTimeout(() => end(unused, undefined), times.idle);
  }

  function open(): Connection {
    const port = connectNative(NATIVE_HOST_NAME);
    const requester = createRequester(nativeHop, { send: (message) => port.post(message), newId: randomId });
    let settle: Connection['settle'] = () => undefined;
    const ready = new Promise<Result<HostSession, HostUnavailable>>((resolve) => {
      settle = resolve;
    });
    const opened: Connection = { port, requester, ready, settle, isReady: false };
    const deadline = setTimeout(
      () => end(opened, { status: 'unavailable', problem: 'failedToStart', detail: 'The host gave no answer.' }),
      times.hello,
    );
    void ready.then(() => clearTimeout(deadline));
    port.onMessage((message) => {
      // An answer that came too late is no fault. Anything else than a message of this protocol is.
      if (requester.receive(message) !== 'malformed') return;
      end(
        opened,
        opened.isReady
          ? { status: 'unavailable', problem: 'crashed', detail: 'The host sent something that is no message.' }
          : { status: 'unavailable', problem: 'incompatible', detail: 'The host sent something that is no message.' },
      );
    });
    port.onDisconnect((detail) => end(opened, describeDisconnect(detail, opened.isReady)));
    void greet(opened).then((outcome) => {
      if (connection !== opened) return;
      if (!outcome.ok) {
        end(opened, outcome.error);
        return;
      }
      opened.isReady = true;
      restartIdleTimer();
      setStatus(outcome.value);
      settle(success(requester));
    });
    return opened;
  }

  async function greet({ requester }: Connection): Promise<Result<HostStatus, HostUnavailable>> {
    const hello = await requester.request('host.hello', { protocol: PROTOCOL_VERSION, client: { version } });
    if (!hello.ok) {
      const detail = hello.error.kind === 'error' ? hello.error.error.message : 'The host gave an answer that cannot be read.';
      return failure({ status: 'unavailable', problem: 'incompatible', detail });
    }
    const { protocol, transports, development } = hello.value;
    if (protocol !== PROTOCOL_VERSION) {
      const detail = `The host speaks version ${protocol.toString()} of the protocol, the extension version ${PROTOCOL_VERSION.toString()}.`;
      return failure({ status: 'unavailable', problem: 'incompatible', detail, version: hello.value.version });
    }
    return success({ status: 'ready', version: hello.value.version, development, transports });
  }

  function connect(): Promise<Result<HostSession, HostUnavailable>> {
    if (connection === undefined) {
      if (status.status === 'unavailable' && performance.now() < unavailableUntil) {
        return Promise.resolve(failure(status));
      }
      connection = open();
    }
    if (connection.isReady) restartIdleTimer();
    return connection.ready;
  }

  return {
    get status() {
      return status;
    },
    connect,
    check() {
      unavailableUntil = 0;
      return connect();
    },
    kill() {
      if (connection === undefined) return;
      end(connection, { status: 'unavailable', problem: 'crashed', detail: 'The host did not answer and was ended.' });
    },
    use() {
      users += 1;
      clearTimeout(idleTimer);
      let inUse = true;
      return () => {
        if (!inUse) return;
        inUse = false;
        users -= 1;
        restartIdleTimer();
      };
    },
    onStatus: (listener) => void listeners.push(listener),
  };
}
