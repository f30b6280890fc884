import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { startDeadline, within } from '../../../native-host/transport/signals.ts';

describe('within', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('brings what the work brings, and leaves no timer behind', async () => {
    expect(await within(Promise.resolve('done'), 1000, [])).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('passes on a failure, and leaves no timer behind', async () => {
    await expect(within(Promise.reject(new Error('broken')), 1000, [])).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends with the time', async () => {
    const wait = within(new Promise(() => undefined), 1000, []);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await wait).toBeUndefined();
  });

  test('ends with a signal, and leaves no timer behind', async () => {
    const controller = new AbortController();
    const wait = within(new Promise(() => undefined), 1000, [controller.signal]);
    controller.abort();
    expect(await wait).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('startDeadline', () => {
  test('fires though the garbage collector has been at work', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const collecting = setInterval(collect, 10);
    try {
      const { signal } = startDeadline(100, [new AbortController().signal]);
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
      expect(signal.aborted).toBe(true);
    } finally {
      clearInterval(collecting);
    }
  });

  test('fires with a signal; once ended, with nothing, and leaves no timer behind', () => {
    vi.useFakeTimers();
    const first = new AbortController();
    const aborted = startDeadline(1000, [first.signal]);
    first.abort();
    expect(aborted.signal.aborted).toBe(true);
    aborted.end();

    const second = new AbortController();
    const ended = startDeadline(1000, [second.signal]);
    ended.end();
    second.abort();
    expect(ended.signal.aborted).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});
