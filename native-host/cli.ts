import { realpathSync } from 'node:fs';
import { isSea } from 'node:sea';

import { Command } from 'commander';

import { HOST_VERSION, IS_RELEASE } from './build-constants.ts';
import { addInstallCommands } from './install/commands.ts';
import { askHello } from './install/doctor/hello.ts';
import { addReadersCommand, listReadersInProcess } from './install/doctor/readers-process.ts';
import { hostProgram } from './install/launcher.ts';
import { createNodeSystem } from './install/node-system.ts';
import { NodeHidTransport } from './transport/usb/node-hid.ts';

/** Composition root of the `keystile` command. */
async function main(): Promise<void> {
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
  await command.parseAsync();
}

void main();
