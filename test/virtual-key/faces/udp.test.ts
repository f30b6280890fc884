import { afterEach, describe, expect, test } from 'vitest';

import { concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { AuthenticatorConfig } from '../client.ts';
import { startVirtualKey, type VirtualKey } from '../start.ts';
import { buildReports, HidClient } from '../support/hid-client.ts';
import { CLIENT_DATA_HASH, parameters, texts } from '../support/platform.ts';

const GET_INFO = Uint8Array.of(0x04);
const SELECTION = Uint8Array.of(0x0b);
const KEY: AuthenticatorConfig = { protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true };

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Setup {
  readonly virtualKey: VirtualKey;
  readonly id: string;
  readonly hid: HidClient;
  readonly channel: number;
}

async function plugIn(config: AuthenticatorConfig = KEY): Promise<Setup> {
  const virtualKey = await startVirtualKey({ udp: [0] });
  cleanups.push(() => virtualKey.close());
  const id = await virtualKey.client.addAuthenticator(config);
  const hid = await client(virtualKey);
  return { virtualKey, id, hid, channel: await hid.init() };
}

async function client(virtualKey: VirtualKey): Promise<HidClient> {
  const hid = await HidClient.open(virtualKey.udpPorts[0] ?? 0);
  cleanups.push(() => hid.close());
  return hid;
}

describe('CTAPHID over UDP', () => {
  test('a message of many packets, both ways', async () => {
    const { hid, channel } = await plugIn();
    const payload = new Uint8Array(7609).map((_, index) => index & 0xff);
    expect((await hid.call(channel, 0x01, payload)).payload).toEqual(payload);
  });

  test('CTAP2 and U2F commands', async () => {
    const { hid, channel } = await plugIn();
    const info = await hid.call(channel, 0x10, GET_INFO);
    expect(info.command).toBe(0x10);
    expect(info.payload.slice(0, 1)).toEqual(Uint8Array.of(0));
    expect(info.payload.length).toBeGreaterThan(57);
    const version = await hid.call(channel, 0x03, Uint8Array.of(0, 3, 0, 0, 0, 0, 0));
    expect(new TextDecoder().decode(version.payload.slice(0, 6))).toBe('U2F_V2');
  });

  test('registration over the wire', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    const request = parameters({
      1: CLIENT_DATA_HASH,
      2: texts({ id: 'example.org' }),
      3: texts({ id: Uint8Array.of(1) }),
      4: [texts({ alg: -7, type: 'public-key' })],
    });
    const { payload } = await hid.call(channel, 0x10, concatBytes(Uint8Array.of(1), encodeCbor(request)));
    expect(payload[0]).toBe(0);
    expect(await virtualKey.client.getCredentials(id)).toMatchObject([{ rpId: 'example.org', isResidentCredential: false, signCount: 0 }]);
  });

  test('keepalives while it waits, cancel, and the status after it', async () => {
    const { hid, channel } = await plugIn({ ...KEY, keystile: { touch: { mode: 'never' } } });
    hid.send(channel, 0x10, SELECTION);
    const keepalive = { channel, command: 0x3b, payload: Uint8Array.of(2) };
    expect(await hid.next()).toEqual(keepalive);
    expect(await hid.next()).toEqual(keepalive);
    hid.send(channel, 0x11);
    expect((await hid.nextAnswer()).payload).toEqual(Uint8Array.of(0x2d));
  });

  test('two clients: each gets its own answers, the second meets a busy key', async () => {
    const { virtualKey, id, hid, channel } = await plugIn({ ...KEY, keystile: { touch: { mode: 'manual' } } });
    const other = await client(virtualKey);
    const otherChannel = await other.init();
    hid.send(channel, 0x10, SELECTION);
    await virtualKey.client.waitFor(id, 'waitingForTouch');
    const busy = { channel: otherChannel, command: 0x3f, payload: Uint8Array.of(0x06) };
    expect(await other.call(otherChannel, 0x10, GET_INFO)).toEqual(busy);
    expect(await virtualKey.client.touch(id)).toBe(true);
    expect((await hid.nextAnswer()).payload).toEqual(Uint8Array.of(0));
  });

  test('wrong sequence, channel and length on the wire', async () => {
    const { hid, channel } = await plugIn();
    const [first, , third] = buildReports(channel, 0x01, new Uint8Array(150));
    hid.sendReport(first ?? new Uint8Array());
    hid.sendReport(third ?? new Uint8Array());
    expect((await hid.next()).payload).toEqual(Uint8Array.of(0x04));
    expect((await hid.call(4711, 0x01)).payload).toEqual(Uint8Array.of(0x0b));
    hid.send(channel, 0x01, new Uint8Array(57), 0xffff);
    expect((await hid.next()).payload).toEqual(Uint8Array.of(0x03));
  });

  test('datagrams that are no reports are ignored', async () => {
    const { hid, channel } = await plugIn();
    for (const length of [0, 1, 63, 65, 1000]) hid.sendReport(new Uint8Array(length));
    expect((await hid.call(channel, 0x01, GET_INFO)).payload).toEqual(GET_INFO);
  });
});

describe('faults', () => {
  test('unplugged it is silent; plugged in again its channels are gone', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    await virtualKey.client.unplug(id);
    expect((await virtualKey.client.state(id)).plugged).toBe(false);
    hid.send(channel, 0x01, Uint8Array.of(1));
    // A round trip in this process: the datagram has been taken, and swallowed, when it is over.
    await virtualKey.client.state(id);
    await virtualKey.client.plug(id);
    const channelAfter = await hid.init();
    expect((await hid.call(channelAfter, 0x01, Uint8Array.of(2))).payload).toEqual(Uint8Array.of(2));
    expect((await hid.call(channelAfter + 1000, 0x01)).payload).toEqual(Uint8Array.of(0x0b));
  });

  test('a key that was unplugged comes back with a new key agreement key, but the same PIN', async () => {
    const { virtualKey, id, hid, channel } = await plugIn({ ...KEY, keystile: { pin: '1234' } });
    const getKeyAgreement = concatBytes(Uint8Array.of(6), encodeCbor(parameters({ 1: 2, 2: 2 })));
    const before = (await hid.call(channel, 0x10, getKeyAgreement)).payload;
    expect((await hid.call(channel, 0x10, getKeyAgreement)).payload).toEqual(before);
    await virtualKey.client.unplug(id);
    await virtualKey.client.plug(id);
    expect((await hid.call(await hid.init(), 0x10, getKeyAgreement)).payload).not.toEqual(before);
    expect((await virtualKey.client.state(id)).pinSet).toBe(true);
  });

  test('unplugged during a touch: the command ends, nothing is answered', async () => {
    const { virtualKey, id, hid, channel } = await plugIn({ ...KEY, keystile: { touch: { mode: 'never' } } });
    await virtualKey.client.unplug(id, 'touch');
    expect((await virtualKey.client.state(id)).plugged).toBe(true);
    hid.send(channel, 0x10, SELECTION);
    await virtualKey.client.waitFor(id, 'command:selection');
    const state = await virtualKey.client.state(id);
    expect(state).toMatchObject({ plugged: false, waitingForTouch: false, log: [{ command: 'selection', status: 0x2d }] });
    await virtualKey.client.plug(id);
    const channelAfter = await hid.init();
    expect((await hid.call(channelAfter, 0x10, GET_INFO)).payload[0]).toBe(0);
  });

  test('a key that swallows everything, and comes back', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    await virtualKey.client.configure(id, { mute: true });
    hid.send(channel, 0x10, GET_INFO);
    expect((await virtualKey.client.state(id)).plugged).toBe(true);
    await virtualKey.client.configure(id, { mute: false });
    expect((await hid.call(channel, 0x01, Uint8Array.of(2))).payload).toEqual(Uint8Array.of(2));
    expect((await virtualKey.client.state(id)).log).toEqual([]);
  });

  test('single packets: dropped, doubled, corrupted, delayed', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    const faults = [
      { direction: 'out', step: 0, action: 'drop' },
      { direction: 'out', step: 1, action: 'duplicate' },
      { direction: 'out', step: 2, action: 'corrupt' },
      { direction: 'out', step: 3, action: 'delay', ms: 30 },
    ] as const;
    await virtualKey.client.configure(id, { faults });
    for (const value of [1, 2, 3, 4, 5]) hid.send(channel, 0x01, Uint8Array.of(value));
    const arrived: (number | undefined)[] = [];
    for (let count = 0; count < 5; count += 1) arrived.push((await hid.next()).payload[0]);
    expect(arrived).toEqual([2, 2, 3 ^ 0xff, 5, 4]);
  });

  test.each([
    ['flip', {}, (packet: Uint8Array) => packet.map((byte, index) => (index === 12 ? byte ^ 0xff : byte))],
    ['corrupt', {}, (packet: Uint8Array) => packet.map((byte, index) => (index >= 7 ? byte ^ 0xff : byte))],
    ['resize', { length: 9 }, (packet: Uint8Array) => packet.slice(0, 9)],
    ['resize', { length: 66 }, (packet: Uint8Array) => Uint8Array.of(...packet, 0, 0)],
  ] as const)('an answer that is spoilt: %s', async (action, more, spoil) => {
    const { virtualKey, id, hid, channel } = await plugIn();
    const right = await hid.exchangeRaw(channel, 0x01, Uint8Array.of(1, 2, 3));
    await virtualKey.client.configure(id, { faults: [{ direction: 'out', step: 0, action, ...more }] });
    expect(await hid.exchangeRaw(channel, 0x01, Uint8Array.of(1, 2, 3))).toEqual(new Uint8Array(spoil(right)));
    expect(await hid.exchangeRaw(channel, 0x01, Uint8Array.of(1, 2, 3))).toEqual(right);
  });

  test('noise keeps the header, and is the same at every run', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    const right = await hid.exchangeRaw(channel, 0x01, Uint8Array.of(1, 2, 3));
    const noise = async (): Promise<Uint8Array> => {
      await virtualKey.client.configure(id, { faults: [{ direction: 'out', step: 0, action: 'garbage' }] });
      return hid.exchangeRaw(channel, 0x01, Uint8Array.of(1, 2, 3));
    };
    const first = await noise();
    expect(first.slice(0, 7)).toEqual(right.slice(0, 7));
    expect(first.slice(7)).not.toEqual(right.slice(7));
    expect(await noise()).toEqual(first);
  });

  test('a slow line keeps the order; only messages count if that is asked', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    await virtualKey.client.configure(id, { faults: [{ direction: 'out', step: 0, action: 'slow', ms: 20 }] });
    const payload = new Uint8Array(500).map((_, index) => index & 0xff);
    expect((await hid.call(channel, 0x01, payload)).payload).toEqual(payload);
    await virtualKey.client.configure(id, { faults: [{ direction: 'out', step: 0, action: 'corrupt', counts: 'messages' }] });
    expect((await hid.call(channel, 0x01, Uint8Array.of(7))).payload).toEqual(Uint8Array.of(7));
    expect((await hid.call(channel, 0x10, GET_INFO)).payload[0]).toBe(0xff);
    expect((await hid.call(channel, 0x10, GET_INFO)).payload[0]).toBe(0);
  });

  test('mute from a packet on', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    await virtualKey.client.configure(id, { faults: [{ direction: 'in', step: 1, action: 'mute' }] });
    for (const value of [1, 2, 3]) hid.send(channel, 0x01, Uint8Array.of(value));
    expect((await hid.next()).payload).toEqual(Uint8Array.of(1));
    await virtualKey.client.state(id);
    await virtualKey.client.configure(id, { faults: [] });
    expect((await hid.call(channel, 0x01, Uint8Array.of(4))).payload).toEqual(Uint8Array.of(4));
  });

  test('another program ends what runs on the channel, or asks for one of its own', async () => {
    const { virtualKey, id, hid, channel } = await plugIn({ ...KEY, keystile: { touch: { mode: 'never' } } });
    await virtualKey.client.configure(id, { faults: [{ direction: 'in', step: 0, action: 'reset' }] });
    hid.send(channel, 0x10, SELECTION);
    expect(await hid.nextAnswer()).toMatchObject({ channel, command: 0x06 });
    expect((await virtualKey.client.state(id)).waitingForTouch).toBe(false);
    await virtualKey.client.configure(id, { faults: [{ direction: 'in', step: 0, action: 'otherClient' }] });
    hid.send(channel, 0x01, Uint8Array.of(1));
    expect(await hid.next()).toMatchObject({ channel: 0xffff_ffff, command: 0x06 });
    expect(await hid.next()).toMatchObject({ channel, command: 0x01 });
  });

  test('disconnected at the n-th packet', async () => {
    const { virtualKey, id, hid, channel } = await plugIn();
    await virtualKey.client.configure(id, { faults: [{ direction: 'in', step: 1, action: 'disconnect' }] });
    hid.send(channel, 0x01, new Uint8Array(200));
    await expect.poll(async () => (await virtualKey.client.state(id)).plugged).toBe(false);
  });
});

test('a port that is taken is an error', async () => {
  const first = await startVirtualKey({ udp: [0] });
  cleanups.push(() => first.close());
  await expect(startVirtualKey({ udp: [0, first.udpPorts[0] ?? 0] })).rejects.toThrow('EADDRINUSE');
});
