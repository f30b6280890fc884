import { describe, expect, test, vi } from 'vitest';

import { onAbort, pause } from '../../../native-host/transport/signals.ts';
import { Turns } from '../../../native-host/transport/turns.ts';

describe('turns', () => {
  test('tasks run one after the other, whatever becomes of them', async () => {
    const turns = new Turns();
    const order: string[] = [];
    let finish: () => void = () => undefined;
    const first = turns.take(
      [],
      async () => {
        order.push('first begins');
        await new Promise<void>((resolve) => (finish = resolve));
        order.push('first ends');
        throw new Error('fault');
      },
      () => undefined,
    );
    const caller = new AbortController();
    const abandoned = turns.take([caller.signal], () => Promise.resolve('ran'), () => 'abandoned');
    const last = turns.take([], () => Promise.resolve(order.push('last')), () => 0);
    caller.abort();
    expect(await abandoned).toBe('abandoned');
    expect(order).toEqual(['first begins']);
    finish();
    await expect(first).rejects.toThrow('fault');
    await last;
    await turns.idle();
    expect(order).toEqual(['first begins', 'first ends', 'last']);
  });
});

describe('signals', () => {
  test('the first of several counts, once', () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const listener = vi.fn();
    onAbort([one.signal, two.signal], listener);
    two.abort();
    one.abort();
    expect(listener).toHaveBeenCalledOnce();
    onAbort([one.signal], listener);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  test('a listener that was taken back is not called', () => {
    const caller = new AbortController();
    const listener = vi.fn();
    onAbort([caller.signal], listener)();
    caller.abort();
    expect(listener).not.toHaveBeenCalled();
  });

  test('a pause ends with the signal', async () => {
    const caller = new AbortController();
    const paused = pause(3_600_000, [caller.signal]);
    caller.abort();
    await paused;
    await pause(3_600_000, [caller.signal]);
    await pause(1, []);
    expect(caller.signal.aborted).toBe(true);
  });
});
