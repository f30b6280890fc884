import { Console } from 'node:console';

import { CHROMIUM_EXTENSION_ID, FIREFOX_ADDON_ID } from '../manifests/extension-identity.ts';
import { success } from '../shared/bytes/result.ts';
import { PROTOCOL_VERSION } from '../shared/wire/envelope.ts';
import { HOST_VERSION, IS_RELEASE } from './build-constants.ts';
import { createKeyAccess } from './ceremony/key-access.ts';
import { startCeremony } from './ceremony/runner.ts';
import { createNodeSystem } from './install/node-system.ts';
import { downloadBlob } from './metadata/download.ts';
import { createMetadataStore } from './metadata/metadata-store.ts';
import { identifyCaller } from './rpc/caller.ts';
import { MALFORMED_ID, startServer } from './rpc/server.ts';
import { wireFailure } from './rpc/wire-error.ts';
import { encodeFrame } from './stdio/frame.ts';
import { widenThreadPool } from './thread-pool.ts';
import type { Transport } from './transport/device.ts';
import { readNfcSettings } from './transport/nfc/nfc-settings.ts';
import { PcscTransport } from './transport/nfc/pcsc.ts';
import { parseUdpPairs } from './transport/udp/pairs.ts';
import { UdpTransport } from './transport/udp/udp.ts';
import { NodeHidTransport } from './transport/usb/node-hid.ts';

/** Milliseconds that PC/SC has to let go of its calls at the end. */
const PCSC_DEADLINE = 500;

/** Composition root of the native-messaging host: `main.cjs [--dev] chrome-extension://ID/`, started by the browser. */
async function main(): Promise<void> {
  widenThreadPool(process.env);
  // Standard output belongs to the frames: whatever a library prints goes to standard error.
  globalThis.console = new Console(process.stderr, process.stderr);
  // Nobody may be reading it: a diagnosis that cannot be written is no reason to end.
  process.stderr.on('error', () => undefined);
  const log = (text: string): void => void process.stderr.write(`keystile: ${text}\n`);

  const args = process.argv.slice(2);
  const development = !IS_RELEASE && args[0] === '--dev';
  const caller = identifyCaller(args, { chromium: [CHROMIUM_EXTENSION_ID], firefox: [FIREFOX_ADDON_ID] });
  if (!caller.ok) {
    log(caller.error.message);
    const frame = encodeFrame({
      v: PROTOCOL_VERSION,
      id: MALFORMED_ID,
      ...wireFailure('notExpected', caller.error.message),
    });
    if (frame.ok) process.stdout.write(frame.value);
    process.exitCode = 1;
    return;
  }

  const settings = readNfcSettings(process.env);
  if (!settings.ok) log(settings.error);
  const usb = new NodeHidTransport();
  const nfc = new PcscTransport({ ...(settings.ok ? settings.value : {}), usb });
  const transports = [usb, ...createDevelopmentTransports(development, log), nfc];
  const keys = createKeyAccess(transports);
  const metadata = createMetadataStore({ system: createNodeSystem(), download: downloadBlob, now: () => Date.now(), log });
  const server = startServer({
    input: process.stdin,
    output: process.stdout,
    caller: caller.value,
    facts: { version: HOST_VERSION, platform: `${process.platform}-${process.arch}`, development },
    transports,
    metadata,
    keys,
    startCeremony: (request, options) => startCeremony(request, { ...options, keys, onFault: (fault) => server.fault(fault) }),
    log,
  });
  process.on('uncaughtException', server.fault);
  process.on('unhandledRejection', server.fault);
  process.on('SIGTERM', server.stop);
  process.on('SIGINT', server.stop);
  await server.ended;
  metadata.end();
  // A call to a PC/SC service that hangs keeps its thread, and Node waits for its threads even in process.exit.
  if (!(await nfc.end(PCSC_DEADLINE))) process.kill(process.pid, 'SIGKILL');
  process.exit(0);
}

/** What a development host has beside USB and readers. */
function createDevelopmentTransports(development: boolean, log: (text: string) => void): readonly Transport[] {
  const pairs = development ? parseUdpPairs(process.env['KEYSTILE_DEV_HID_UDP'] ?? '') : success([]);
  if (!pairs.ok) log(`KEYSTILE_DEV_HID_UDP: ${pairs.error}`);
  return pairs.ok && pairs.value.length > 0 ? [new UdpTransport(pairs.value)] : [];
}

void main();
