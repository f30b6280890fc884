import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type KeystileBrowser, launchKeystile } from '../support/keystile-browser.ts';
import { startTenant, type Tenant } from '../tenant/start.ts';
import { startVirtualKey, type VirtualKey } from '../virtual-key/start.ts';
import { hasDisplay, parseStartArguments, type StartArguments, USAGE } from './arguments.ts';
import { performScenario } from './scenario.ts';
import { createStepLog, type StepLog } from './steps.ts';

/** `npm start`: tenant, key and real browser together; performs the scenario by itself, or leaves it to a person. */

const USER = 'alice@example.test';
const ACCESS_CODE = 'welcome-2026';

/** What is running and must be ended again, last started first. */
type Cleanup = () => Promise<void>;

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const parsed = parseStartArguments(argv, hasDisplay(process.platform, process.env));
  if (!parsed.ok) {
    console.error(`${parsed.error}\n\n${USAGE}`);
    return 2;
  }
  const options = parsed.value;
  const print = options.json ? console.error : console.log;
  const log = createStepLog(print);
  const cleanups: Cleanup[] = [];
  try {
    const { tenant, browser } = await startParts(options, log, cleanups);
    if (options.headless) await performScenario({ log, tenant, browser, userName: USER, accessCode: ACCESS_CODE });
    else await leaveToPerson(browser, tenant, print);
  } catch (error) {
    // The step that failed has been reported; anything else is a fault of this program and shown whole.
    if (!log.steps.some(({ ok }) => !ok)) print(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
  const ok = log.steps.length > 0 && log.steps.every((step) => step.ok);
  print(ok ? 'Everything worked.' : 'It did not work: see the failed step above.');
  if (options.json) console.log(JSON.stringify({ ok, steps: log.steps }));
  return ok ? 0 : 1;
}

async function startParts(
  options: StartArguments,
  log: StepLog,
  cleanups: Cleanup[],
): Promise<{ tenant: Tenant; browser: KeystileBrowser }> {
  const parts: { tenant?: Tenant; virtualKey?: VirtualKey; browser?: KeystileBrowser } = {};

  await log.step('start the tenant', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'keystile-tenant-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const users = [{ name: USER, displayName: 'Alice', code: ACCESS_CODE }];
    const tenant = await startTenant({ dataFile: path.join(folder, 'tenant.json'), users });
    cleanups.push(() => tenant.close());
    parts.tenant = tenant;
    return tenant.origin;
  });

  if (options.device === 'virtual') {
    await log.step('start the virtual key', async () => {
      const virtualKey = await startVirtualKey({ udp: [0] });
      cleanups.push(() => virtualKey.close());
      parts.virtualKey = virtualKey;
      await virtualKey.client.addAuthenticator({ protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, keystile: { attestation: 'x5c' } });
      return `CTAPHID over UDP on port ${virtualKey.udpPorts.join(', ')}; no PIN set`;
    });
  }

  await log.step('start the browser', async () => {
    const devices = parts.virtualKey?.udpPorts.map((port) => `127.0.0.1:${port.toString()}`).join(',');
    const browser = await launchKeystile({
      headless: options.headless,
      ...(options.browser === undefined ? {} : { executable: options.browser }),
      ...(devices === undefined ? {} : { devices }),
    });
    cleanups.push(() => browser.close());
    parts.browser = browser;
    return `extension ${browser.extensionId}, host registered in a fresh profile`;
  });

  const { tenant, browser } = parts;
  if (tenant === undefined || browser === undefined) throw new Error('A part did not start.');
  return { tenant, browser };
}

/** With a window and a person: opens the sign-in page and waits until the browser is closed. */
async function leaveToPerson(browser: KeystileBrowser, tenant: Tenant, print: (line: string) => void): Promise<void> {
  const closed = new Promise<void>((resolve) => browser.context.once('close', () => resolve()));
  tenant.events.onEvent((event) => print(`tenant: ${JSON.stringify(event)}`));
  const page = await browser.context.newPage();
  await page.goto(`${tenant.origin}/sign-in/code`);
  print(
    [
      '',
      `The browser shows the tenant's sign-in page. User name: ${USER}   Temporary access code: ${ACCESS_CODE}`,
      'Then: Security info, Add method, Security key. Afterwards sign out, and sign in with the key.',
      'Close the browser to end.',
    ].join('\n'),
  );
  await closed;
}

process.exitCode = await main(process.argv.slice(2));
