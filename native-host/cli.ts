import { realpathSync } from 'node:fs';
import { isSea } from 'node:sea';

import { Command } from 'commander';

import { failure, success, type Result } from '../shared/bytes/result.ts';
import { HOST_VERSION, IS_RELEASE } from './build-constants.ts';
import { addInstallCommands } from './install/commands.ts';
import { askHello } from './install/doctor/hello.ts';
import { addReadersCommand, listReadersInProcess } from './install/doctor/readers-process.ts';
import { hostProgram } from './install/launcher.ts';
import { createNodeSystem } from './install/node-system.ts';
import { addKeysCommands } from './management/cli/commands.ts';
import type { OpenedTransports } from './management/cli/keys-run.ts';
import { createTerminal } from './management/cli/terminal.ts';
import { exitNow } from './pcsclite/exit-now.ts';
import { widenThreadPool } from './thread-pool.ts';
import type { Transport } from './transport/device.ts';
import { readNfcSettings } from './transport/nfc/nfc-settings.ts';
import { PcscTransport } from './transport/nfc/pcsc.ts';
import { parseUdpPairs } from './transport/udp/pairs.ts';
import { UdpTransport } from './transport/udp/udp.ts';
import { NodeHidTransport } from './transport/usb/node-hid.ts';
import { addVerifyCommand } from './verify/command.ts';

/** Milliseconds that PC/SC has to let go of its calls at the end. */
const PCSC_DEADLINE = 500;

/** Composition root of the `keystile` command. */
async function main(): Promise<void> {
  widenThreadPool(process.env);
  const system = createNodeSystem();
  const { execPath, argv } = process;
  const packaged = isSea();
  const scriptPath = realpathSync(argv[1] ?? execPath);
  const program = hostProgram(system, { packaged, execPath, scriptPath });
  const command = new Command('keystile').description('Keystile: security keys for the browser').version(HOST_VERSION);
  addInstallCommands(command, {
    system,
    program,
    release: IS_RELEASE,
    version: HOST_VERSION,
    probes: {
      hello: askHello,
      usb: () => new NodeHidTransport().status(),
      readers: () => listReadersInProcess(packaged ? [execPath] : [execPath, scriptPath]),
    },
    print: (text) => void process.stdout.write(text),
    exit: (code) => {
      process.exitCode = code;
    },
  });
  addReadersCommand(command);
  addVerifyCommand(command, {
    input: process.stdin,
    print: (text) => void process.stdout.write(text),
    exit: (code) => {
      process.exitCode = code;
    },
  });
  const pcsc = { hangs: false };
  addKeysCommands(command, {
    release: IS_RELEASE,
    openTransports: (development) => openTransports(development, () => (pcsc.hangs = true)),
    createTerminal: (onInterrupt) => createTerminal(process.stdin, process.stderr, onInterrupt),
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
      };
    },
    print: (text) => void process.stdout.write(text),
    exit: (code) => {
      process.exitCode = code;
    },
  });
  await command.parseAsync();
  // A call to a PC/SC service that hangs keeps its thread, and Node would wait for that.
  if (pcsc.hangs) process.stdout.write('', () => process.stderr.write('', () => void exitNow(Number(process.exitCode ?? 0))));
}

/**
 * The transports for key management. Their libraries load when they are first used.
 *
 * @param onHang called when PC/SC does not let go of its calls.
 */
function openTransports(development: boolean, onHang: () => void): Result<OpenedTransports, string> {
  const pairs = development ? parseUdpPairs(process.env['KEYSTILE_DEV_HID_UDP'] ?? '') : success([]);
  if (!pairs.ok) return failure(`KEYSTILE_DEV_HID_UDP: ${pairs.error}`);
  const settings = readNfcSettings(process.env);
  if (!settings.ok) return settings;
  const usb = new NodeHidTransport();
  const nfc = new PcscTransport({ ...settings.value, usb });
  const transports: Transport[] = [usb, nfc];
  if (pairs.value.length > 0) transports.push(new UdpTransport(pairs.value));
  return success({
    transports,
    end: async () => {
      if (!(await nfc.end(PCSC_DEADLINE))) onHang();
    },
  });
}

void main();
