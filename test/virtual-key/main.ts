import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { parseVpcdAddress, type VpcdAddress } from './faces/vpcd.ts';
import { startVirtualKey } from './start.ts';

/** `npm run virtual-key -- --control PORT [--udp PORT,PORT,...] [--vpcd HOST:PORT,...] [--uhid COUNT]`: the virtual key as a program. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      control: { type: 'string', default: '0' },
      udp: { type: 'string', default: '' },
      vpcd: { type: 'string', default: '' },
      uhid: { type: 'string', default: '0' },
    },
  });
  const udp = entries(values.udp).map(parsePort);
  const vpcd = entries(values.vpcd).map(parseReader);
  const running = await startVirtualKey({ control: parsePort(values.control), udp, vpcd, uhid: parseCount(values.uhid) });
  let closing: Promise<void> | undefined;
  const close = (): void => {
    // The standard input would keep the process alive.
    closing ??= running.close().finally(() => process.stdin.destroy());
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
  if (hasParentPipe()) await closeAtEndOfInput(close);
  process.stdout.write(`${JSON.stringify({ control: running.controlPort, udp: running.udpPorts })}\n`);
}

/** Only a pipe tells that the parent process is gone; /dev/null is always at its end, a terminal hardly ever. */
function hasParentPipe(): boolean {
  try {
    const status = fstatSync(0);
    return status.isFIFO() || status.isSocket();
  } catch {
    // Descriptor 0 is closed: there is nothing that could end.
    return false;
  }
}

/** Calls `close` when the input ends later on. An input that is at its end from the start was never meant as a sign. */
async function closeAtEndOfInput(close: () => void): Promise<void> {
  const { stdin } = process;
  let listening = false;
  stdin.on('end', () => {
    if (listening) close();
  });
  stdin.on('error', () => {
    if (listening) close();
  });
  stdin.resume();
  await new Promise((resolve) => setTimeout(resolve, 20));
  listening = true;
}

function entries(list: string): readonly string[] {
  return list.split(',').filter((text) => text !== '');
}

function parseReader(text: string): VpcdAddress {
  const address = parseVpcdAddress(text);
  if (address === undefined) throw new Error(`Not a vpcd reader (HOST:PORT or the path of a socket): ${text}`);
  return address;
}

function parseCount(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new Error(`Not a number of devices: ${text}`);
  return Number(text);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`Not a port: ${text}`);
  return port;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
