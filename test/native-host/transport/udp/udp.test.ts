import { type Socket, createSocket } from 'node:dgram';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { getInfo } from '../../../../native-host/ctap2/get-info.ts';
import { selectAuthenticator } from '../../../../native-host/ctap2/selection.ts';
import { UdpTransport } from '../../../../native-host/transport/udp/udp.ts';
import { BROADCAST_CHANNEL, CtaphidCommand, decodePacket, encodeMessage } from '../../../../native-host/transport/usb/ctaphid/packet.ts';
import { concatBytes } from '../../../../shared/bytes/bytes.ts';
import { type UdpKeys, WatchLog, callOptions, startUdpKeys } from '../../support/udp-keys.ts';

describe('with a virtual key', () => {
  let keys: UdpKeys;

  beforeEach(async () => {
    keys = await startUdpKeys(2);
  });
  afterEach(() => keys.close());

  test('keys come and go, and come again', async () => {
    const log = new WatchLog();
    const stop = keys.transport.watch(log.listener);
    const [first, second] = [keys.idOf(0), keys.idOf(1)];
    const key = await keys.plugIn();
    await log.count(1);
    await keys.plugIn();
    await log.count(2);
    await keys.virtualKey.client.unplug(key);
    await log.count(3);
    await keys.virtualKey.client.plug(key);
    expect(await log.count(4)).toEqual([`added ${first}`, `added ${second}`, `removed ${first}`, `added ${first}`]);
    stop();
  });

  test('a second watcher is told of keys that are there already', async () => {
    await keys.plugIn();
    const logs = [new WatchLog(), new WatchLog()];
    const stops: (() => void)[] = [];
    for (const log of logs) {
      stops.push(keys.transport.watch(log.listener));
      expect(await log.count(1)).toEqual([`added ${keys.idOf(0)}`]);
    }
    for (const stop of stops) stop();
  });

  test('a key that nobody watches can be opened', async () => {
    await keys.plugIn();
    const device = await keys.open();
    expect(device).toMatchObject({ supportsCbor: true, supportsU2f: true, descriptor: { transport: 'udp' } });
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true });
  });

  test('an empty slot and an unknown one cannot be opened', async () => {
    const { signal } = new AbortController();
    expect(await keys.transport.open(keys.idOf(0), signal)).toMatchObject({ error: { problem: 'disconnected' } });
    expect(await keys.transport.open('udp:127.0.0.1:1', signal)).toMatchObject({ error: { problem: 'disconnected' } });
    expect(await keys.transport.open(keys.idOf(0), AbortSignal.abort())).toMatchObject({ error: { problem: 'cancelled' } });
  });

  test('one opening at a time', async () => {
    await keys.plugIn();
    const device = await keys.open();
    const again = await keys.transport.open(keys.idOf(0), new AbortController().signal);
    expect(again).toMatchObject({ ok: false, error: { problem: 'busy' } });
    await device.close();
    expect(await getInfo(await keys.open(), callOptions())).toMatchObject({ ok: true });
  });

  test('a key that is pulled out while it waits for a touch is noticed long before the call’s own deadline', async () => {
    const key = await keys.plugIn({ touch: { mode: 'never' } });
    const device = await keys.open();
    const call = selectAuthenticator(device, callOptions());
    await keys.virtualKey.client.waitFor(key, 'waitingForTouch');
    await keys.virtualKey.client.unplug(key);
    const pulled = performance.now();
    expect(await call).toMatchObject({ error: { kind: 'transport', problem: 'disconnected' } });
    expect(performance.now() - pulled).toBeLessThan(5000);
    await device.gone;
  });

  test('a key that is pulled out while idle, and put back, is gone for who had it open', async () => {
    const key = await keys.plugIn();
    const device = await keys.open();
    await keys.virtualKey.client.powerCycle(key);
    await device.gone;
    expect(await getInfo(device, callOptions())).toMatchObject({ error: { problem: 'disconnected' } });
    await device.close();
    expect(await getInfo(await keys.open(), callOptions())).toMatchObject({ ok: true });
  });

  test('a cancelled touch is confirmed by the key, and the next exchange works', async () => {
    const key = await keys.plugIn({ touch: { mode: 'never' } });
    const device = await keys.open();
    const caller = new AbortController();
    const call = selectAuthenticator(device, callOptions({ signal: caller.signal }));
    await keys.virtualKey.client.waitFor(key, 'waitingForTouch');
    caller.abort();
    expect(await call).toMatchObject({ error: { problem: 'cancelled' } });
    expect(await getInfo(device, callOptions())).toMatchObject({ ok: true });
  });

  test('the key says when it waits for a touch', async () => {
    await keys.plugIn({ touch: { mode: 'delay', ms: 150 } });
    const device = await keys.open();
    const told = new Set<string>();
    const selected = await selectAuthenticator(device, callOptions({ onKeepalive: (status) => told.add(status) }));
    expect(selected).toEqual({ ok: true, value: undefined });
    expect([...told]).toContain('userPresenceNeeded');
  });
});

describe('with a scripted peer', () => {
  const sockets: Socket[] = [];

  afterEach(async () => {
    await Promise.all(sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  });

  async function bind(port = 0): Promise<{ readonly socket: Socket; readonly port: number }> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
    sockets.push(socket);
    return { socket, port: socket.address().port };
  }

  /** A key that knows INIT only, and answers it to `replyPort` from yet another port. */
  async function startSimulator(replyPort: number): Promise<{ readonly port: number }> {
    const { socket, port } = await bind();
    const { socket: sender } = await bind();
    socket.on('message', (report) => {
      const packet = decodePacket(report);
      if (packet?.kind !== 'initialization' || packet.command !== CtaphidCommand.init) return;
      const channel = Uint8Array.of(0, 0, 0, 9, 2, 1, 0, 0, 4);
      const payload = concatBytes(packet.data.subarray(0, 8), channel);
      for (const answer of encodeMessage(packet.channelId, CtaphidCommand.init, payload, 64)) {
        sender.send(answer, replyPort, '127.0.0.1');
      }
    });
    return { port };
  }

  test('a key at work is not asked whether it is there, be its keepalives slow, and none is initialised while it is open', async () => {
    const { socket, port } = await bind();
    let isAtWork = false;
    let disturbances = 0;
    let initialisations = 0;
    let pings = 0;
    let enough: () => void = () => undefined;
    const threePings = new Promise<void>((resolve) => (enough = resolve));
    socket.on('message', (report, { port: senderPort }) => {
      const packet = decodePacket(report);
      if (packet?.kind !== 'initialization') return;
      const answer = (command: CtaphidCommand, payload: Uint8Array): void => {
        for (const each of encodeMessage(packet.channelId, command, payload, 64)) socket.send(each, senderPort);
      };
      if (packet.command === CtaphidCommand.init) {
        if (isAtWork) disturbances += 1;
        initialisations += 1;
        answer(CtaphidCommand.init, concatBytes(packet.data.subarray(0, 8), Uint8Array.of(0, 0, 0, 9, 2, 1, 0, 0, 4)));
      } else if (packet.command === CtaphidCommand.ping) {
        if (isAtWork) disturbances += 1;
        pings += 1;
        answer(CtaphidCommand.ping, packet.data.subarray(0, 8));
        if (pings === 3) enough();
      } else {
        isAtWork = true;
        for (const after of [0, 500]) setTimeout(() => answer(CtaphidCommand.keepalive, Uint8Array.of(1)), after);
        setTimeout(() => {
          isAtWork = false;
          answer(CtaphidCommand.cbor, Uint8Array.of(0));
        }, 1000);
      }
    });
    const transport = new UdpTransport([{ host: '127.0.0.1', port }]);
    const stop = transport.watch(new WatchLog().listener);
    const device = await transport.open(`udp:127.0.0.1:${port.toString()}`, new AbortController().signal);
    if (!device.ok) throw new Error(device.error.detail);
    expect(await selectAuthenticator(device.value, callOptions())).toEqual({ ok: true, value: undefined });
    const before = initialisations;
    await threePings;
    expect(initialisations).toBe(before);
    expect(disturbances).toBe(0);
    await device.value.close();
    stop();
  });

  test('a simulator that always sends to one port', async () => {
    const { socket, port: replyPort } = await bind();
    const { port } = await startSimulator(replyPort);
    const transport = new UdpTransport([{ host: '127.0.0.1', port, replyPort }]);
    const log = new WatchLog();
    const stop = transport.watch(log.listener);
    // Somebody else has the port of the answers: told once, and tried again until it is free.
    expect(await log.count(1)).toEqual([`denied udp:127.0.0.1:${port.toString()}`]);
    expect(log.denied).toMatchObject([{ kind: 'transport', problem: 'busy', transport: 'udp' }]);
    sockets.splice(sockets.indexOf(socket), 1);
    socket.close();
    expect((await log.count(2))[1]).toBe(`added udp:127.0.0.1:${port.toString()}`);
    stop();
  });

  test('a program that ends is noticed by the system\'s refusal', async () => {
    const { socket, port } = await bind();
    socket.on('message', (report, { port: senderPort }) => {
      const packet = decodePacket(report);
      if (packet === undefined) return;
      const payload = concatBytes(packet.data.subarray(0, 8), Uint8Array.of(0, 0, 0, 9, 2, 1, 0, 0, 4));
      for (const answer of encodeMessage(packet.channelId, CtaphidCommand.init, payload, 64)) socket.send(answer, senderPort);
    });
    const transport = new UdpTransport([{ host: '127.0.0.1', port }]);
    const log = new WatchLog();
    const stop = transport.watch(log.listener);
    await log.count(1);
    sockets.splice(sockets.indexOf(socket), 1);
    socket.close();
    const id = `udp:127.0.0.1:${port.toString()}`;
    expect(await log.count(2)).toEqual([`added ${id}`, `removed ${id}`]);
    stop();
  });

  test('answers with a wrong nonce, of other commands, or garbage are no key', async () => {
    const { socket, port } = await bind();
    let questions = 0;
    const asked = new Promise<void>((resolve) => {
      socket.on('message', (_report, { port: senderPort }) => {
        const answer = (payload: Uint8Array, command: CtaphidCommand): void => {
          for (const each of encodeMessage(BROADCAST_CHANNEL, command, payload, 64)) socket.send(each, senderPort);
        };
        answer(new Uint8Array(17), CtaphidCommand.init);
        answer(Uint8Array.of(6), CtaphidCommand.error);
        answer(new Uint8Array(300), CtaphidCommand.cbor);
        socket.send(Uint8Array.of(1, 2, 3), senderPort);
        questions += 1;
        if (questions === 3) resolve();
      });
    });
    const transport = new UdpTransport([{ host: '127.0.0.1', port }]);
    const log = new WatchLog();
    const stop = transport.watch(log.listener);
    await asked;
    stop();
    expect(log.events).toEqual([]);
  });
});

test('the transport itself is always available', async () => {
  expect(await new UdpTransport([]).status()).toEqual({ available: true });
});
