import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { enableKeyEnterpriseAttestation, raiseMinPinLength, requireLongTouchForReset, setAlwaysUv } from '../../../native-host/management/config.ts';
import { describeManagedKey } from '../../../native-host/management/describe-key.ts';
import { changeKeyPin, setKeyPin } from '../../../native-host/management/pin.ts';
import { type ManagementBench, must, nothing, reasonOf, ScriptedUser, startBench } from './fixture.ts';

const PIN = '1234';

let bench: ManagementBench;

beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

describe('PIN', () => {
  test('is set, and changed', async () => {
    await bench.plugIn();
    must(await bench.manage(new ScriptedUser([], ['1234']), setKeyPin));
    must(await bench.manage(new ScriptedUser(['1234'], ['pïn 😀']), changeKeyPin));
    must(await bench.manage(new ScriptedUser(['pïn 😀'.normalize('NFD')], ['5678']), changeKeyPin));
  });

  test('is asked for again until it keeps the rules', async () => {
    await bench.plugIn({ minPinLength: 6 });
    const user = new ScriptedUser([], ['12345', 'x'.repeat(64), '123456']);
    must(await bench.manage(user, setKeyPin));
    expect(user.asked).toEqual(['new 6', 'new 6 tooShort', 'new 6 tooLong']);
    expect(reasonOf(await bench.manage(new ScriptedUser(['123456'], ['123']), changeKeyPin))).toBe('pinTooShort');
  });

  test('has the longest length that the key tells, and its policy is named where that has an address', async () => {
    const pinComplexityPolicyUrl = 'https://pin.example/regeln für pins';
    const key = await bench.plugIn({ maxPinLength: 8, pinComplexityPolicy: true, pinComplexityPolicyUrl }, 'ctap2_2');
    const user = new ScriptedUser([], ['123456789', '1111']);
    const failed = await bench.manage(user, setKeyPin);
    expect(user.asked).toEqual(['new 4', 'new 4 tooLong', 'new 4 refused']);
    expect(reasonOf(failed)).toBe('pinPolicy');
    expect(failed).toMatchObject({ error: { message: expect.stringContaining('https://pin.example/regeln%20f%C3%BCr%20pins') as string } });
    await bench.virtualKey.client.configure(key, { pinComplexityPolicyUrl: 'javascript:alert(1)' });
    const again = await bench.manage(new ScriptedUser([], ['1111']), setKeyPin);
    expect(again).toMatchObject({ error: { message: expect.not.stringContaining('alert') as string } });
    must(await bench.manage(new ScriptedUser([], ['1234']), setKeyPin));
  });

  test('must be another one after a forced change', async () => {
    const key = await bench.plugIn({ pin: PIN, forcePinChange: true });
    const user = new ScriptedUser([PIN], [PIN, '5678']);
    must(await bench.manage(user, changeKeyPin));
    expect(user.asked).toEqual(['needed 8', 'new 4', 'new 4 refused']);
    expect((await bench.virtualKey.client.state(key)).pinRetries).toBe(8);
  });

  test('a wrong present PIN costs one try and is asked for again', async () => {
    const key = await bench.plugIn({ pin: PIN });
    expect(reasonOf(await bench.manage(new ScriptedUser(['9999'], ['5678', '5678']), changeKeyPin))).toBe('pinInvalid');
    expect((await bench.virtualKey.client.state(key)).pinRetries).toBe(7);
    must(await bench.manage(new ScriptedUser(['9999', PIN], ['5678', '5678']), changeKeyPin));
  });

  test('set and change are told apart', async () => {
    const key = await bench.plugIn({ pin: PIN });
    expect(reasonOf(await bench.manage(new ScriptedUser(), setKeyPin))).toBe('pinAlreadySet');
    await bench.virtualKey.client.configure(key, { pin: null });
    expect(reasonOf(await bench.manage(new ScriptedUser(), changeKeyPin))).toBe('pinNotSet');
    await bench.virtualKey.client.configure(key, { clientPin: false });
    expect(reasonOf(await bench.manage(new ScriptedUser(), setKeyPin))).toBe('notSupported');
  });
});

describe('configuration', () => {
  test('alwaysUv is switched on and off, and left as it is', async () => {
    await bench.plugIn({ pin: PIN });
    const set = (on: boolean, pins: readonly string[]): Promise<unknown> =>
      bench.manage(new ScriptedUser(pins), (key) => setAlwaysUv(key, on)).then(must);
    expect(await set(true, [PIN])).toBe('changed');
    expect(await set(true, [PIN])).toBe('unchanged');
    expect(await set(false, [PIN])).toBe('changed');
    expect(await set(false, [])).toBe('unchanged');
  });

  test('alwaysUv of a key that tells it only to who has the PIN', async () => {
    const key = await bench.plugIn({ pin: PIN, lockedInfo: 'untilVerified' });
    const { client } = bench.virtualKey;
    const isOn = async (): Promise<boolean> => {
      await client.configure(key, { lockedInfo: 'never' });
      const { alwaysUv } = must(await bench.manage(new ScriptedUser(), describeManagedKey)).info.options;
      await client.configure(key, { lockedInfo: 'untilVerified' });
      return alwaysUv === true;
    };
    for (const [on, outcome] of [[false, 'unchanged'], [true, 'changed'], [true, 'unchanged'], [false, 'changed']] as const) {
      await client.powerCycle(key);
      expect(must(await bench.manage(new ScriptedUser([PIN]), (opened) => setAlwaysUv(opened, on)))).toBe(outcome);
      expect(await isOn()).toBe(on);
    }
  });

  test.each(['specified', 'oneUse'] as const)('a change of alwaysUv that does not show is taken back, with tokens %s', async (tokenLife) => {
    const key = await bench.plugIn({ pin: PIN, lockedInfo: 'always', tokenLife });
    expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), (opened) => setAlwaysUv(opened, false)))).toBe('deviceError');
    await bench.virtualKey.client.configure(key, { lockedInfo: 'never' });
    expect(must(await bench.manage(new ScriptedUser(), describeManagedKey)).info.options.alwaysUv).toBe(false);
  });

  test('a key without PIN and fingerprint needs no proof', async () => {
    const key = await bench.plugIn();
    expect(must(await bench.manage(new ScriptedUser(), (opened) => setAlwaysUv(opened, true)))).toBe('changed');
    expect((await bench.virtualKey.client.state(key)).log.map(({ command }) => command)).not.toContain('clientPin.getKeyAgreement');
  });

  test('the minimum PIN length grows after a confirmation, and never shrinks', async () => {
    await bench.plugIn({ pin: PIN, extensions: ['minPinLength'] });
    const hesitant = new ScriptedUser([PIN]);
    hesitant.confirms = false;
    expect(reasonOf(await bench.manage(hesitant, (key) => raiseMinPinLength(key, 8)))).toBe('notConfirmed');
    expect(hesitant.losses).toEqual([{ type: 'minPinLength', from: 4, to: 8, forcesChange: false }]);
    must(await bench.manage(new ScriptedUser([PIN]), (key) => raiseMinPinLength(key, 8, { rpIds: ['example.org'] })));
    const after = must(await bench.manage(new ScriptedUser(), describeManagedKey)).info;
    expect(after).toMatchObject({ minPINLength: 8, forcePINChange: true });
    expect(reasonOf(await bench.manage(new ScriptedUser(), (key) => raiseMinPinLength(key, 7)))).toBe('minPinLengthTooSmall');
    const many = ['a', 'b', 'c', 'd', 'e'];
    expect(reasonOf(await bench.manage(new ScriptedUser(), (key) => raiseMinPinLength(key, 9, { rpIds: many })))).toBe('notSupported');
  });

  test('a change of the PIN can be forced alone', async () => {
    await bench.plugIn({ pin: PIN });
    expect(must(await bench.manage(new ScriptedUser([PIN]), (key) => raiseMinPinLength(key, 4, { forceChangePin: true })))).toBe('changed');
    expect(must(await bench.manage(new ScriptedUser(), describeManagedKey)).info.forcePINChange).toBe(true);
  });

  test('a key of CTAP 2.2 refuses simple PINs from then on', async () => {
    await bench.plugIn({ pin: PIN }, 'ctap2_2');
    const user = new ScriptedUser([PIN]);
    const raise = (by: ScriptedUser): Promise<unknown> =>
      bench.manage(by, (key) => raiseMinPinLength(key, 4, { pinComplexityPolicy: true })).then(must);
    expect(await raise(user)).toBe('changed');
    expect(user.losses).toEqual([{ type: 'minPinLength', from: 4, to: 4, forcesChange: false, complexity: true }]);
    expect(must(await bench.manage(new ScriptedUser(), describeManagedKey)).info).toMatchObject({ pinComplexityPolicy: true, forcePINChange: true });
    expect(await raise(new ScriptedUser())).toBe('unchanged');
    const changing = new ScriptedUser([PIN], ['7777', '7778']);
    must(await bench.manage(changing, changeKeyPin));
    expect(changing.asked).toEqual(['needed 8', 'new 4', 'new 4 refused']);
  });

  test('a key of CTAP 2.3 wants a long touch for a reset from then on; an older one cannot', async () => {
    await bench.plugIn({ pin: PIN }, 'ctap2_3');
    const user = new ScriptedUser([PIN]);
    expect(must(await bench.manage(user, requireLongTouchForReset))).toBe('changed');
    expect(user.losses).toEqual([{ type: 'longTouchForReset' }]);
    expect(must(await bench.manage(new ScriptedUser(), requireLongTouchForReset))).toBe('unchanged');
    await bench.virtualKey.client.detach();
    await bench.virtualKey.client.attach();
    await bench.plugIn({ pin: PIN }, 'ctap2_2');
    expect(reasonOf(await bench.manage(new ScriptedUser(), requireLongTouchForReset))).toBe('notSupported');
    expect(reasonOf(await bench.manage(new ScriptedUser(), (key) => raiseMinPinLength(key, 64)))).toBe('pinTooLong');
  });

  test('enterprise attestation is enabled once', async () => {
    await bench.plugIn({ pin: PIN, enterpriseAttestation: false });
    expect(must(await bench.manage(new ScriptedUser([PIN]), enableKeyEnterpriseAttestation))).toBe('changed');
    expect(must(await bench.manage(new ScriptedUser(), enableKeyEnterpriseAttestation))).toBe('unchanged');
  });

  test('keys without the settings say so', async () => {
    const key = await bench.plugIn({ pin: PIN, config: false });
    expect(reasonOf(await bench.manage(new ScriptedUser(), (opened) => setAlwaysUv(opened, true)))).toBe('notSupported');
    expect(reasonOf(await bench.manage(new ScriptedUser(), (opened) => raiseMinPinLength(opened, 8)))).toBe('notSupported');
    expect(reasonOf(await bench.manage(new ScriptedUser(), enableKeyEnterpriseAttestation))).toBe('notSupported');
    const complex = { pinComplexityPolicy: true } as const;
    await bench.virtualKey.client.configure(key, { config: true });
    expect(reasonOf(await bench.manage(new ScriptedUser(), (opened) => raiseMinPinLength(opened, 8, complex)))).toBe('notSupported');
  });
});

describe('what every job goes through', () => {
  test('U2F keys have nothing to manage', async () => {
    await bench.plugIn({}, 'ctap1/u2f');
    expect(reasonOf(await bench.manage(new ScriptedUser(), nothing))).toBe('notSupported');
  });

  test('a key that is mute ends the job by itself', async () => {
    const key = await bench.plugIn({ pin: PIN });
    const failed = bench.manage(new ScriptedUser(), async (opened) => {
      await bench.virtualKey.client.configure(key, { mute: true });
      return describeManagedKey(opened);
    });
    expect(['timeout', 'disconnected']).toContain(reasonOf(await failed));
  });

  test('info tells the tries that are left', async () => {
    await bench.plugIn({ pin: PIN, pinRetries: 3, bioEnrollment: 'standard', fingerprints: ['thumb'] });
    expect(must(await bench.manage(new ScriptedUser(), describeManagedKey))).toMatchObject({
      pin: { pinRetries: 3, powerCycleRequired: false },
      uvRetries: 3,
      canManageCredentials: true,
      canManageFingerprints: true,
    });
  });
});
