import { success, type Result } from '../../../shared/bytes/result.ts';
import type { Device, Transport, TransportError } from '../../../native-host/transport/device.ts';
import { OPENING, stepOf } from './steps.ts';

/** Milliseconds of silence that a key is allowed here: longer than a key without power needs to be missed. */
const STALL_TIMEOUT = 1500;

/** What a test does at the steps of a ceremony. */
export interface StepObserver {
  /** The step is about to begin. */
  readonly before: (step: string) => Promise<void>;
  /** Its request is on the way. */
  readonly during: (step: string) => void;
}

/** A real transport that tells of every step, and counts the keys that are open. */
export class WatchedTransport implements Transport {
  readonly kind: Transport['kind'];
  observer: StepObserver | undefined;
  /** Keys that were opened and not given back. */
  openKeys = 0;
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
    this.kind = inner.kind;
  }

  status(): ReturnType<Transport['status']> {
    return this.#inner.status();
  }

  watch(listener: Parameters<Transport['watch']>[0]): () => void {
    return this.#inner.watch(listener);
  }

  async open(id: string, signal: AbortSignal): Promise<Result<Device, TransportError>> {
    await this.observer?.before(OPENING);
    const opening = this.#inner.open(id, signal);
    this.observer?.during(OPENING);
    const opened = await opening;
    if (!opened.ok) return opened;
    this.openKeys += 1;
    return success(this.#watched(opened.value));
  }

  #watched(device: Device): Device {
    let isOpen = true;
    return {
      descriptor: device.descriptor,
      supportsCbor: device.supportsCbor,
      supportsU2f: device.supportsU2f,
      gone: device.gone,
      message: (apdu, options) => device.message(apdu, options),
      call: async (request, options) => {
        const step = stepOf(request);
        await this.observer?.before(step);
        const call = device.call(request, { ...options, stallTimeout: Math.min(options.stallTimeout, STALL_TIMEOUT) });
        this.observer?.during(step);
        return call;
      },
      close: async () => {
        await device.close();
        if (isOpen) this.openKeys -= 1;
        isOpen = false;
      },
    };
  }
}
