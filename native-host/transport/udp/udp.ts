import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type {
  Device,
  DeviceDescriptor,
  DeviceListener,
  Transport,
  TransportError,
  TransportStatus,
} from '../device.ts';
import { TransportKind, TransportProblem } from '../device.ts';
import { transportFailure } from '../errors.ts';
import { HidChannel } from '../hid/hid-channel.ts';
import type { ReportListener, ReportPipe } from '../hid/report-pipe.ts';
import { onAbort } from '../signals.ts';
import { DEFAULT_REPORT_SIZE } from '../usb/ctaphid/packet.ts';
import type { UdpPair } from './pairs.ts';
import { UdpKey } from './udp-key.ts';

/** Milliseconds that a key which nobody watches has to show itself when it is opened. */
const APPEARANCE_TIMEOUT = 1000;

/**
 * The development transport: CTAPHID reports in UDP datagrams on loopback, one key a pair. For virtual keys and firmware
 * simulators; whether it may be used at all is decided where the host is composed.
 */
export class UdpTransport implements Transport {
  readonly kind = TransportKind.udp;
  readonly #keys: ReadonlyMap<string, UdpKey>;
  readonly #openIds = new Set<string>();

  constructor(pairs: readonly UdpPair[]) {
    this.#keys = new Map(pairs.map((pair) => [describe(pair).id, new UdpKey(pair)]));
  }

  /** Always available: there is nothing to be missing. */
  status(): Promise<TransportStatus> {
    return Promise.resolve({ available: true });
  }

  /** See `Transport.watch`. */
  watch(listener: DeviceListener): () => void {
    const stops = Array.from(this.#keys.values(), (key) => {
      const descriptor = describe(key.pair);
      let isBlocked = false;
      return key.use({
        appeared: () => listener.added(descriptor),
        disappeared: () => listener.removed(descriptor.id),
        blocked: (detail) => {
          // It is tried again and again; said once is enough.
          if (!isBlocked) listener.denied(descriptor, udpError(TransportProblem.busy, detail));
          isBlocked = true;
        },
        datagram: () => undefined,
        isOpener: false,
      });
    });
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** See `Transport.open`. */
  async open(id: string, signal: AbortSignal): Promise<Result<Device, TransportError>> {
    const key = this.#keys.get(id);
    if (key === undefined) return fail(TransportProblem.disconnected, 'There is no such pair.');
    if (this.#openIds.has(id)) return fail(TransportProblem.busy, 'The key is open already.');
    this.#openIds.add(id);
    const pipe = new UdpPipe(key, () => this.#openIds.delete(id));
    const ready = await pipe.appearance(signal);
    if (ready !== 'there') {
      await pipe.close();
      return signal.aborted
        ? fail(TransportProblem.cancelled, 'The caller ended the opening.')
        : fail(TransportProblem.disconnected, 'The key does not answer.');
    }
    return HidChannel.open(pipe, { descriptor: describe(key.pair), signal });
  }
}

/** The datagrams of one key as a pipe. */
class UdpPipe implements ReportPipe {
  readonly reportSize = DEFAULT_REPORT_SIZE;
  readonly #key: UdpKey;
  readonly #onClose: () => void;
  readonly #stop: () => void;
  #listener: ReportListener | undefined;
  #onAppeared: () => void = () => undefined;
  #isClosed = false;

  constructor(key: UdpKey, onClose: () => void) {
    this.#key = key;
    this.#onClose = onClose;
    this.#stop = key.use({
      appeared: () => this.#onAppeared(),
      disappeared: () => this.#disappeared(),
      blocked: () => undefined,
      datagram: (bytes) => this.#listener?.report(bytes),
      isOpener: true,
    });
  }

  /** Waits until the key has shown itself. */
  appearance(signal: AbortSignal): Promise<'there' | 'absent'> {
    if (this.#key.isPresent) return Promise.resolve('there');
    return new Promise((resolve) => {
      let stop = (): void => undefined;
      const end = (outcome: 'there' | 'absent'): void => {
        clearTimeout(timer);
        stop();
        resolve(outcome);
      };
      const timer = setTimeout(() => end('absent'), APPEARANCE_TIMEOUT);
      this.#onAppeared = () => end('there');
      stop = onAbort([signal], () => end('absent'));
    });
  }

  listen(listener: ReportListener): void {
    this.#listener = listener;
    // It may have gone between its appearance and now.
    if (!this.#key.isPresent) queueMicrotask(() => this.#disappeared());
  }

  write(report: Bytes): Promise<Result<undefined, TransportError>> {
    const sent = !this.#isClosed && this.#key.send(report);
    return Promise.resolve(sent ? success(undefined) : fail(TransportProblem.disconnected, 'The key went away.'));
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#listener = undefined;
      this.#stop();
      this.#onClose();
    }
    return Promise.resolve();
  }

  #disappeared(): void {
    this.#listener?.closed();
    this.#listener = undefined;
  }
}

function describe({ host, port }: UdpPair): DeviceDescriptor {
  return {
    id: `udp:${host}:${port.toString()}`,
    transport: TransportKind.udp,
    productName: `Development key at port ${port.toString()}`,
  };
}

function udpError(problem: TransportProblem, detail: string): TransportError {
  return { kind: 'transport', problem, transport: TransportKind.udp, detail };
}

function fail(problem: TransportProblem, detail: string): Result<never, TransportError> {
  return transportFailure(TransportKind.udp, problem, detail);
}
