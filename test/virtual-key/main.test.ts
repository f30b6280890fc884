import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, test } from 'vitest';

import { VirtualKeyClient } from './client.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Program {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
}

function start(args: readonly string[], stdin: 'pipe' | 'ignore' = 'pipe'): Program {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: [stdin, 'pipe', 'pipe'] });
  children.push(child);
  return { child, exit: new Promise((resolve) => child.on('exit', resolve)) };
}

async function firstLine(child: ChildProcess): Promise<{ readonly control: number; readonly udp: readonly number[] }> {
  let text = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.includes('\n')) break;
  }
  return JSON.parse(text) as { control: number; udp: number[] };
}

describe('the program', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('prints where it listens and ends with %s', async (signal) => {
    const { child, exit } = start(['--control', '0', '--udp', '0,0'], 'ignore');
    const { control, udp } = await firstLine(child);
    expect(udp).toHaveLength(2);
    const client = new VirtualKeyClient(`http://127.0.0.1:${control.toString()}/`);
    const id = await client.addAuthenticator({ protocol: 'ctap2', transport: 'usb' });
    expect((await client.state(id)).address).toBe(`127.0.0.1:${String(udp[0])}`);
    child.kill(signal);
    expect(await exit).toBe(0);
  });

  test('ends when its parent closes the pipe', async () => {
    const { child, exit } = start(['--control', '0']);
    await firstLine(child);
    child.stdin?.end();
    expect(await exit).toBe(0);
  });

  test.each([
    ['a port that is none', ['--control', 'x']],
    ['an unknown option', ['--nonsense']],
    ['a number of devices that is none', ['--control', '0', '--uhid', 'many']],
    ['a reader without a port', ['--control', '0', '--vpcd', '127.0.0.1']],
  ])('refuses %s', async (_name, args) => {
    const { exit } = start(args);
    expect(await exit).toBe(1);
  });
});
