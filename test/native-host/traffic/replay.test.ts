import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test, vi } from 'vitest';

import type { Device } from '../../../native-host/transport/device.ts';
import { HidChannel } from '../../../native-host/transport/hid/hid-channel.ts';
import type { ReportPipe } from '../../../native-host/transport/hid/report-pipe.ts';
import type { CardLink } from '../../../native-host/transport/nfc/card-link.ts';
import { NfcDevice } from '../../../native-host/transport/nfc/nfc-device.ts';
import { Authenticator } from '../../virtual-key/authenticator/authenticator.ts';
import { systemEnvironment } from '../../virtual-key/authenticator/environment.ts';
import { CtaphidEngine } from '../../virtual-key/faces/ctaphid/engine.ts';
import { CardApplet } from '../../virtual-key/faces/iso7816/applet.ts';
import { describeStep, RECORDED_PIN, type Scenario, SCENARIOS } from './scenarios.ts';
import { cardLink, formatTraffic, type Packet, parseTraffic, Replay, reportPipe } from './traffic.ts';

/**
 * The host against recorded traffic: it must send, byte for byte, what it sent when the traffic was recorded, and make
 * the same of the answers. `KEYSTILE_RECORD=1 npx vitest run test/native-host/traffic` records anew, from the virtual key.
 */

// What the host draws by chance is the same each time here, or its requests could not be compared.
vi.mock(import('node:crypto'), async (importOriginal) => {
  const crypto = await importOriginal();
  const createECDH: typeof crypto.createECDH = (curve) => {
    const pair = crypto.createECDH(curve);
    const generateKeys = (): Buffer => {
      pair.setPrivateKey(Buffer.alloc(32, 0x21));
      return pair.getPublicKey();
    };
    return Object.defineProperty(pair, 'generateKeys', { value: generateKeys });
  };
  return { ...crypto, createECDH, randomBytes: (size: number) => Buffer.alloc(size, 0x52) };
});

const isRecording = process.env['KEYSTILE_RECORD'] !== undefined;

function fileOf({ name }: Scenario): string {
  return path.resolve(import.meta.dirname, `../../fixtures/traffic/${name}.txt`);
}

async function openDevice({ transport }: Scenario, pipe: () => ReportPipe, link: () => CardLink): Promise<Device> {
  const descriptor = { id: 'recorded', transport, productName: '' };
  const { signal } = new AbortController();
  const opened =
    transport === 'usb'
      ? await HidChannel.open(pipe(), { descriptor, signal })
      : await NfcDevice.open(link(), { descriptor, polling: 'auto', form: 'short', apduLimit: 10_000, signal, onClose: () => undefined });
  if (!opened.ok) throw new Error(opened.error.detail);
  return opened.value;
}

async function run(scenario: Scenario, device: Device): Promise<readonly string[]> {
  const results: string[] = [];
  await scenario.run(device, (step) => results.push(describeStep(step)));
  await device.close();
  return results;
}

async function record(scenario: Scenario): Promise<string> {
  // The key's own chance must not be the host's: its credentials would all be the same.
  const environment = { ...systemEnvironment(), random: (length: number) => globalThis.crypto.getRandomValues(new Uint8Array(length)) };
  const authenticator = new Authenticator(scenario.settings, environment);
  if (scenario.settings.protocol !== 'ctap1/u2f') authenticator.setPin(RECORDED_PIN);
  const packets: Packet[] = [];
  const engine = new CtaphidEngine(authenticator, environment);
  const applet = new CardApplet(authenticator, environment);
  const device = await openDevice(
    scenario,
    () =>
      reportPipe((report, reply) => {
        packets.push({ direction: '>', bytes: report.slice() });
        engine.receive(report, (answer) => {
          packets.push({ direction: '<', bytes: answer });
          reply(answer);
        });
      }),
    () =>
      cardLink(async (apdu) => {
        packets.push({ direction: '>', bytes: apdu.slice() });
        const answer = await applet.transmit(apdu);
        packets.push({ direction: '<', bytes: answer });
        return answer;
      }),
  );
  return formatTraffic({ comment: scenario.comment, packets, results: await run(scenario, device) });
}

describe.each(SCENARIOS)('$name', (scenario) => {
  test.runIf(isRecording)('is recorded', async () => {
    writeFileSync(fileOf(scenario), await record(scenario));
  });

  test('the host sends what it sent, and makes the same of the answers', async () => {
    const traffic = parseTraffic(readFileSync(fileOf(scenario), 'utf8'));
    const replay = new Replay(traffic.packets);
    const device = await openDevice(
      scenario,
      () => reportPipe((report, reply) => replay.send(report).forEach(reply)),
      () => cardLink((apdu) => Promise.resolve(replay.send(apdu)[0] ?? new Uint8Array())),
    );
    expect(await run(scenario, device)).toEqual(traffic.results);
    expect(replay.isComplete).toBe(true);
    expect(traffic.results.length).toBeGreaterThan(3);
  });
});

test('a host that sends anything else is told at once', () => {
  const replay = new Replay(parseTraffic('# test\n> 0102\n< 03\n').packets);
  expect(() => replay.send(Uint8Array.of(1, 3))).toThrow('Packet 1');
  expect(replay.send(Uint8Array.of(1, 2))).toEqual([Uint8Array.of(3)]);
  expect(() => replay.send(Uint8Array.of(1))).toThrow('where nothing of it was recorded');
});
