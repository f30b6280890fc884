import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { getPinUvAuthToken } from '../../../../native-host/ctap2/client-pin/pin-uv-auth-token.ts';
import { getInfo } from '../../../../native-host/ctap2/get-info.ts';
import { makeCredential } from '../../../../native-host/ctap2/make-credential.ts';
import { PinUvAuthPermission } from '../../../../native-host/ctap2/pin-uv-auth/token.ts';
import { selectAuthenticator } from '../../../../native-host/ctap2/selection.ts';
import type { Device } from '../../../../native-host/transport/device.ts';
import { encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import { getU2fVersion } from '../../../../native-host/u2f/version.ts';
import { u2fRegister } from '../../../../native-host/u2f/register.ts';
import { callOptions, CardLog, openDevice, PcscKeys } from '../../support/pcsc-keys.ts';
import { PcscRival } from '../../support/pcsc-rival.ts';

let keys: PcscKeys | string;

beforeAll(async () => {
  keys = await PcscKeys.start();
}, 120_000);
afterAll(async () => {
  if (typeof keys !== 'string') await keys.close();
});
beforeEach(({ skip }) => {
  if (typeof keys === 'string') skip(keys);
});
afterEach(async () => {
  if (typeof keys !== 'string') await keys.reset();
});

function pcsc(): PcscKeys {
  if (typeof keys === 'string') throw new Error(keys);
  return keys;
}

const REGISTRATION = {
  clientDataHash: new Uint8Array(32),
  rp: { id: 'example.org', name: 'Example' },
  user: { id: Uint8Array.of(1), name: 'ada', displayName: 'Ada' },
  pubKeyCredParams: [{ alg: -7, type: 'public-key' as const }],
};

describe('cards', () => {
  test('come and go', async () => {
    const log = await pcsc().watchOnceLooked();
    const id = await pcsc().layDown();
    const first = await log.card(0);
    expect(first).toMatchObject({ transport: 'nfc', productName: 'Virtual PCD 00 00', presentBefore: false });
    await pcsc().virtualKey.client.unplug(id);
    await log.removals(1);
    expect(log.removed).toEqual([first.id]);
    await pcsc().virtualKey.client.plug(id);
    const second = await log.card(1);
    expect(second.id).not.toBe(first.id);
    expect(second.presentBefore).toBe(false);
  });

  test('that lie there before are told as such, to each who begins to watch', async () => {
    const transport = pcsc().transport();
    await pcsc().layDown();
    const waiting = new CardLog();
    const stop = transport.watch(waiting.listener);
    await waiting.card(0);
    stop();
    const log = pcsc().watch(transport);
    const descriptor = await log.card(0);
    expect(descriptor.presentBefore).toBe(true);
    const other = pcsc().watch(transport);
    expect(await other.card(0)).toEqual(descriptor);
  });

  test('status: available with a reader', async () => {
    expect(await pcsc().transport().status()).toEqual({ available: true });
  });
});

describe('commands', () => {
  test.each([
    ['short APDUs', {}, {}],
    ['extended APDUs', {}, { form: 'extended' }],
    ['answers in small pieces', { nfcMaxAnswer: 50 }, {}],
    ['a T=0 card', { nfcProtocol: 't0' }, {}],
    ['a card without extended APDUs or status updates', { nfcExtendedApdus: false, nfcStatusUpdates: false }, {}],
    ['a key that speaks CTAP2 alone', { u2f: false }, {}],
  ] as const)('%s: getInfo and makeCredential', async (_name, knobs, options) => {
    const { device } = await pcsc().open({ ...knobs, attestation: 'x5c' }, options);
    expect(device.supportsCbor).toBe(true);
    const info = await getInfo(device, callOptions());
    expect(info).toMatchObject({ ok: true });
    // Longer than one block of a chain, and than one short answer.
    const user = { ...REGISTRATION.user, displayName: 'x'.repeat(400) };
    const made = await makeCredential(device, { ...REGISTRATION, user }, callOptions());
    expect(made.ok && made.value.attestationObject.length).toBeGreaterThan(500);
  });

  test('a U2F key', async () => {
    const { device } = await pcsc().open({}, {}, 'ctap1/u2f');
    expect(device).toMatchObject({ supportsCbor: false, supportsU2f: true });
    expect(await getU2fVersion(device, callOptions())).toEqual({ ok: true, value: 'U2F_V2' });
    const registered = await u2fRegister(device, { challenge: new Uint8Array(32), application: encodeUtf8('x'.repeat(32)) }, callOptions());
    expect(registered).toMatchObject({ ok: true });
  });

  test('the key says what it waits for, and a cancel reaches it', async () => {
    const { id, device } = await pcsc().open({ touch: { mode: 'never' } });
    const abort = new AbortController();
    const asked = new Promise<string>((resolve) => {
      void selectAuthenticator(device, callOptions({ signal: abort.signal, onKeepalive: resolve })).then((outcome) => {
        expect(outcome).toMatchObject({ ok: false, error: { problem: 'cancelled' } });
      });
    });
    expect(await asked).toBe('userPresenceNeeded');
    abort.abort();
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true });
    const { log, waitingForTouch } = await pcsc().virtualKey.client.state(id);
    expect(waitingForTouch).toBe(false);
    expect(log.at(-2)).toMatchObject({ command: 'selection', status: 0x2d });
  });

  test('a key that cannot be asked: the call ends all the same, and the next one works', async () => {
    const { id, device } = await pcsc().open({ touch: { mode: 'manual' }, nfcStatusUpdates: false });
    const abort = new AbortController();
    const call = selectAuthenticator(device, callOptions({ signal: abort.signal }));
    await pcsc().virtualKey.client.waitFor(id, 'waitingForTouch');
    abort.abort();
    expect(await call).toMatchObject({ ok: false, error: { problem: 'cancelled' } });
    const info = getInfo(device, callOptions());
    await pcsc().virtualKey.client.touch(id);
    expect(await info).toMatchObject({ ok: true });
  });

  test('a key that is taken away in the middle of a command', async () => {
    const { id, device, log } = await pcsc().open({ touch: { mode: 'manual' } });
    const call = selectAuthenticator(device, callOptions());
    await pcsc().virtualKey.client.waitFor(id, 'waitingForTouch');
    await pcsc().virtualKey.client.unplug(id);
    expect(await call).toMatchObject({ ok: false, error: { problem: 'disconnected' } });
    await device.gone;
    await log.removals(1);
  });

  test('a card that another program has reset, or used for something else', async () => {
    const { device, transport, log } = await pcsc().open();
    const rival = new PcscRival('Virtual PCD 00 00');
    await rival.run('reset');
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true });
    await rival.run('select');
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true });
    await device.close();
    const again = await openDevice(transport, log.added[0]?.id ?? '');
    await rival.run('select');
    expect(await makeCredential(again, REGISTRATION, callOptions())).toMatchObject({ ok: true });
    await again.close();
  });
});

describe('a PIN, when another program uses the card after the key agreement', () => {
  test.each(['reset', 'select'] as const)('%s: is sent only under a new agreement', async (what) => {
    const { id, device } = await pcsc().open({ pin: '1234' });
    const rival = new PcscRival('Virtual PCD 00 00');
    let calls = 0;
    const disturbed: Device = {
      ...device,
      descriptor: device.descriptor,
      call: async (request, options) => {
        calls += 1;
        if (calls === 2) await rival.run(what);
        return device.call(request, options);
      },
    };
    const info = await getInfo(device, callOptions());
    if (!info.ok) throw new Error('getInfo failed');
    const request = { method: { pin: '1234' }, permissions: PinUvAuthPermission.makeCredential, rpId: 'example.org' };
    const token = await getPinUvAuthToken(disturbed, info.value, request, callOptions());
    expect(token.ok).toBe(true);
    const { log, pinRetries } = await pcsc().virtualKey.client.state(id);
    expect(pinRetries).toBe(8);
    const tries = log.filter(({ command }) => command === 'clientPin.getPinUvAuthTokenUsingPin');
    expect(tries.map(({ status }) => status)).toEqual([0]);
  });
});

describe('the service', () => {
  test('ends and starts again while somebody watches', async () => {
    const { device, log } = await pcsc().open();
    await pcsc().pcscd.stopService();
    await log.removals(1);
    await device.gone;
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: false, error: { problem: 'disconnected' } });
    await pcsc().pcscd.startService();
    // It lay there when the service was back: nobody knows since when.
    expect(await log.card(1)).toMatchObject({ presentBefore: true });
  });

  test('lets go of everything at the end', async () => {
    const { transport } = await pcsc().open();
    expect(await transport.end(2000)).toBe(true);
  });
});
