import type { System } from '../system.ts';
import { lookAtBrowsers } from './browser-state.ts';
import type { Check, CheckRunner, Probes } from './check.ts';
import { checkHost } from './host.ts';
import { checkNodeHid } from './node-hid.ts';
import { checkPcsc } from './pcsc.ts';
import { checkPolicy } from './policy.ts';
import { checkRegistration } from './registration.ts';
import { checkRuntime } from './runtime.ts';
import { checkSandboxedBrowsers } from './sandboxed-browsers.ts';
import { checkUdev } from './udev.ts';
import { checkWindowsHid } from './windows-hid.ts';

/** In the order in which people read the answers. */
const CHECKS: readonly CheckRunner[] = [
  checkRuntime,
  checkRegistration,
  checkHost,
  checkPolicy,
  checkSandboxedBrowsers,
  checkNodeHid,
  checkUdev,
  checkWindowsHid,
  checkPcsc,
];

/**
 * Looks at everything that signing in with a key through Keystile needs on this machine. Changes nothing.
 *
 * @param version of the `keystile` command.
 */
export async function runDoctor(system: System, probes: Probes, version: string): Promise<readonly Check[]> {
  const browsers = await lookAtBrowsers(system);
  const context = { system, probes, version, browsers };
  const checks = await Promise.all(CHECKS.map(async (check) => check(context)));
  return checks.flat();
}
