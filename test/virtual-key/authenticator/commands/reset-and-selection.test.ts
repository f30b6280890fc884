import { describe, expect, test } from 'vitest';

import { Platform, texts } from '../../support/platform.ts';

describe('reset', () => {
  test('forgets everything, after a touch', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'manual' }, forcePinChange: true });
    platform.authenticator.setPin('1234');
    const registration = platform.makeCredential();
    await platform.blinking();
    platform.authenticator.touch();
    await registration;
    const answer = platform.send(7);
    await platform.blinking();
    platform.authenticator.touch();
    expect((await answer).status).toBe(0);
    expect(platform.authenticator.store.all).toHaveLength(0);
    expect(platform.authenticator.pinIsSet).toBe(false);
    expect(platform.authenticator.settings.forcePinChange).toBe(false);
  });

  test('is allowed for ten seconds after power-up', async () => {
    const platform = new Platform();
    platform.environment.advance(10_001);
    expect((await platform.send(7)).status).toBe(0x30);
    platform.authenticator.powerCycle();
    expect((await platform.send(7)).status).toBe(0);
  });

  test('the window can be left open', async () => {
    const platform = new Platform('ctap2_1', { resetWindow: undefined });
    platform.environment.advance(1_000_000);
    expect((await platform.send(7)).status).toBe(0);
  });

  test('nobody touches', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'never' } });
    const answer = platform.send(7);
    await platform.blinking();
    platform.environment.advance(30_000);
    expect((await answer).status).toBe(0x2f);
  });
});

describe('selection', () => {
  test('answers when touched', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'manual' } });
    const answer = platform.send(0x0b);
    await platform.blinking();
    platform.authenticator.touch();
    expect((await answer).status).toBe(0);
  });

  test('ends with cancel and with time', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'never' } });
    const timedOut = platform.send(0x0b);
    await platform.blinking();
    platform.environment.advance(30_000);
    expect((await timedOut).status).toBe(0x2f);
    const cancelled = platform.send(0x0b);
    await platform.blinking();
    platform.abort.abort();
    expect((await cancelled).status).toBe(0x2d);
  });

  test('is unknown to CTAP 2.0 and to a key without it', async () => {
    expect((await new Platform('ctap2').send(0x0b)).status).toBe(0x01);
    expect((await new Platform('ctap2_1', { selection: false }).send(0x0b)).status).toBe(0x01);
  });
});

describe('any command', () => {
  test('a second one while the first is running is turned away', async () => {
    const platform = new Platform('ctap2_1', { touch: { mode: 'manual' } });
    const first = platform.send(0x0b);
    await platform.blinking();
    expect((await platform.send(4)).status).toBe(0x06);
    platform.authenticator.touch();
    expect((await first).status).toBe(0);
  });

  test('a slow key works before it asks for a touch, and can be cancelled then', async () => {
    const platform = new Platform('ctap2_1', { workTime: 250 });
    const answer = platform.makeCredential({ 7: texts({ rk: true }) });
    platform.environment.advance(249);
    expect(platform.keepalives).toEqual([]);
    platform.environment.advance(1);
    expect((await answer).status).toBe(0);
    const cancelled = platform.send(4);
    platform.abort.abort();
    expect((await cancelled).status).toBe(0x2d);
  });
});
