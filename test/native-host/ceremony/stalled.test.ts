import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createKeyAccess } from '../../../native-host/ceremony/key-access.ts';
import { startCeremony } from '../../../native-host/ceremony/runner.ts';
import type { AuthenticationRequest } from '../../../native-host/ceremony/request.ts';
import type { Device, DeviceListener, Transport } from '../../../native-host/transport/device.ts';
import type { CeremonyState } from '../../../shared/wire/ceremony-state.ts';
import { success } from '../../../shared/bytes/result.ts';

const REQUEST: AuthenticationRequest = {
  kind: 'authentication',
  clientDataHash: new Uint8Array(32),
  rpId: 'example.org',
  allowList: [],
  userVerification: 'discouraged',
  extensions: {},
  timeout: 300_000,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}

/** A key that is there, and that opens as told. */
function transportOf(open: Transport['open']): Transport {
  const descriptor = { id: 'usb:1', transport: 'usb', productName: 'Key' } as const;
  return {
    kind: 'usb',
    status: () => Promise.resolve({ available: true }),
    watch(listener: DeviceListener) {
      queueMicrotask(() => listener.added(descriptor));
      return () => undefined;
    },
    open,
  };
}

function start(open: Transport['open']): { readonly states: CeremonyState[]; readonly cancel: () => Promise<void> } {
  const states: CeremonyState[] = [];
  const ceremony = startCeremony(REQUEST, {
    keys: createKeyAccess([transportOf(open)]),
    promptVisible: true,
    onState: (state) => states.push(state),
    onFault: (fault) => {
      throw fault;
    },
  });
  return {
    states,
    cancel: async () => {
      ceremony.abort({ reason: 'cancelled', message: 'For the test.' });
      await ceremony.released;
    },
  };
}

test('a key whose opening never returns is told as unusable, and the ceremony can end', async () => {
  const { states, cancel } = start(() => never());
  await vi.advanceTimersByTimeAsync(29_000);
  expect(states.at(-1)).toMatchObject({ state: 'processing' });
  await vi.advanceTimersByTimeAsync(5000);
  expect(states.at(-1)).toMatchObject({ state: 'waitingForDevice', problems: [{ problem: 'unavailable', transport: 'usb' }] });
  await cancel();
});

test('a key that says for ever that it works on a question of ours is cancelled', async () => {
  let cancelled = false;
  let closed = false;
  const device: Device = {
    descriptor: { id: 'usb:1', transport: 'usb', productName: 'Key' },
    supportsCbor: true,
    supportsU2f: true,
    gone: never(),
    call(_request, { signal, onKeepalive }) {
      const working = setInterval(() => onKeepalive?.('processing'), 100);
      signal.addEventListener('abort', () => {
        clearInterval(working);
        cancelled = true;
      });
      return never();
    },
    message: () => never(),
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
  const { states, cancel } = start(() => Promise.resolve(success(device)));
  await vi.advanceTimersByTimeAsync(34_000);
  expect(states.at(-1)).toMatchObject({ state: 'waitingForDevice', problems: [{ problem: 'unavailable' }] });
  expect([cancelled, closed]).toEqual([true, true]);
  await cancel();
});

test('a fault of the one who is told of the states does not keep the ceremony from its end', async () => {
  let isFaulty = false;
  const ceremony = startCeremony(REQUEST, {
    keys: createKeyAccess([transportOf(() => never())]),
    promptVisible: true,
    onState() {
      if (!isFaulty) return;
      isFaulty = false;
      throw new Error('For the test.');
    },
    onFault: () => undefined,
  });
  await vi.advanceTimersByTimeAsync(1000);
  isFaulty = true;
  await vi.advanceTimersByTimeAsync(34_000);
  expect(isFaulty).toBe(false);
  expect(await ceremony.outcome).toMatchObject({ ok: false, error: { reason: 'internal' } });
});
