import type { Result } from '../../shared/bytes/result.ts';
import type { DeviceProblem } from '../../shared/wire/ceremony-state.ts';
import type {
  Device,
  DeviceDescriptor,
  DeviceListener,
  Transport,
  TransportError,
  TransportProblem,
} from '../transport/device.ts';
import { within } from '../transport/signals.ts';
import { OneView } from './one-view.ts';

/** What the transports together say of themselves. */
export interface TransportSummary {
  readonly problems: readonly DeviceProblem[];
  /** Transports that can be used. */
  readonly usable: number;
}

/** The way to the keys of all transports, shared by the ceremonies of a host one after the other. */
export interface KeyAccess {
  /** Reports the keys that are there and every change, one view of each key, until the returned function is called. */
  watch(listener: DeviceListener): () => void;
  summarise(): Promise<TransportSummary>;
  /** Opens a key, after an earlier ceremony has given it back. */
  open(id: string, signal: AbortSignal): Promise<Result<Device, TransportError>>;
  /** Gives a key back. */
  close(device: Device): Promise<void>;
}

/** Why a key cannot be used over this transport now, though it is there. */
const NOT_USABLE: readonly TransportProblem[] = ['accessDenied', 'busy', 'unavailable', 'timeout'];

/** Milliseconds for a key that is being given back; one that hangs must not hold up the next request for ever. */
const CLOSING_PATIENCE = 3000;

/** Builds the access to the keys of some transports. */
export function createKeyAccess(transports: readonly Transport[]): KeyAccess {
  const owners = new Map<string, Transport>();
  const closing = new Map<string, Promise<void>>();
  const views = new Set<OneView>();

  return {
    watch(listener) {
      const view = new OneView(listener);
      views.add(view);
      const stops = transports.map((transport) =>
        transport.watch({
          removed: view.removed,
          denied: view.denied,
          added(descriptor) {
            owners.set(descriptor.id, transport);
            view.added(descriptor);
          },
        }),
      );
      return () => {
        views.delete(view);
        for (const stop of stops) stop();
        view.stop();
      };
    },

    async summarise() {
      const statuses = await Promise.all(
        transports.map(async (transport) => ({ kind: transport.kind, status: await transport.status() })),
      );
      const usable = statuses.filter(({ status }) => status.available).length;
      const problems: DeviceProblem[] = [];
      for (const { kind, status } of statuses) {
        if (status.available) continue;
        // Readers are an option: a computer without one lacks nothing, as long as there is another way to a key. A
        // service that hangs is told: somebody has set it up.
        if (usable > 0 && kind === 'nfc' && status.problem === 'unavailable') continue;
        problems.push(deviceProblem(kind, status.problem, status.detail));
      }
      return { problems, usable };
    },

    async open(id, signal) {
      const earlier = closing.get(id);
      if (earlier !== undefined) await within(earlier, CLOSING_PATIENCE, [signal]);
      const transport = owners.get(id);
      if (transport === undefined) throw new Error('A key is opened that was never reported.');
      const opened = await transport.open(id, signal);
      if (!opened.ok && NOT_USABLE.includes(opened.error.problem)) for (const view of views) view.unusable(id);
      return opened;
    },

    close(device) {
      const { id } = device.descriptor;
      const closed = device.close();
      // A key that could not be given back is reported by whoever closed it; who opens it next only waits.
      const over = closed
        .catch(() => undefined)
        .finally(() => {
          if (closing.get(id) === over) closing.delete(id);
        });
      closing.set(id, over);
      return closed;
    },
  };
}

/** A transport's problem as the prompt is told it. */
export function deviceProblem(
  transport: DeviceDescriptor['transport'],
  problem: TransportProblem,
  detail: string,
): DeviceProblem {
  const told = problem === 'accessDenied' || problem === 'busy' ? problem : 'unavailable';
  return { problem: told, transport, detail: detail.slice(0, 1024) };
}
