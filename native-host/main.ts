import { Console } from 'node:console';

import { PROTOCOL_VERSION } from '../shared/wire/envelope.ts';
import { CHROMIUM_EXTENSION_ID, FIREFOX_ADDON_ID } from '../manifests/extension-identity.ts';
import { HOST_VERSION, IS_RELEASE } from './build-constants.ts';
import { identifyCaller } from './rpc/caller.ts';
import { MALFORMED_ID, startServer } from './rpc/server.ts';
import { wireFailure } from './rpc/wire-error.ts';
import { encodeFrame } from './stdio/frame.ts';

/** Composition root of the native-messaging host: `main.cjs [--dev] chrome-extension://ID/`, started by the browser. */
async function main(): Promise<void> {
  // Standard output belongs to the frames: whatever a library prints goes to standard error.
  globalThis.console = new Console(process.stderr, process.stderr);
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

  const server = startServer({
    input: process.stdin,
    output: process.stdout,
    caller: caller.value,
    facts: { version: HOST_VERSION, platform: `${process.platform}-${process.arch}`, development },
    transports: [],
    startCeremony: () => ({
      outcome: Promise.resolve({
        ok: false,
        error: { reason: 'transportUnavailable', message: 'The host has no transport.' },
      }),
      released: Promise.resolve(),
      input: () => false,
      abort: () => undefined,
    }),
    log,
  });
  process.on('uncaughtException', server.fault);
  process.on('unhandledRejection', server.fault);
  process.on('SIGTERM', server.stop);
  process.on('SIGINT', server.stop);
  await server.ended;
  process.exit(0);
}

void main();
