import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { promptFor } from '../support/ceremonies.ts';
import { hostPids } from '../support/host-pid.ts';
import { callCreate, callGet } from '../support/page-call.ts';
import { readPopupView } from '../support/popup-view.ts';
import { filesHolding, formsOf, holds } from '../support/secret-search.ts';
import { type Stack, startStack } from '../support/stack.ts';

const PIN = 'Xk7q:PIN:ne0tR4s';
const WRONG_PIN = 'Jw2z:PIN:falsch9';
/** Put by the test itself where a PIN must not be: what does not find these proves nothing. */
const PLANTED = { storage: 'Uf5c:planted:st0re', console: 'Bg8m:planted:c0ns', stderr: 'Qy1v:planted:std3rr' };

/** Records in the page every message that a port of the page receives, before the extension's script makes any. */
function recordMessages(): void {
  const messages: unknown[] = [];
  Object.assign(globalThis, { recordedMessages: messages });
  globalThis.MessageChannel = new Proxy(globalThis.MessageChannel, {
    construct(target) {
      const channel = new target();
      for (const port of [channel.port1, channel.port2]) port.addEventListener('message', ({ data }) => messages.push(data));
      return channel;
    },
  });
}

/** Puts a shell between the browser and the host that keeps the host's standard error in a file of the profile. */
async function keepHostErrors(userDataDir: string): Promise<void> {
  const manifestFile = path.join(userDataDir, 'NativeMessagingHosts/org.keystile.host.json');
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as { path: string };
  const errors = path.join(userDataDir, 'host-stderr.log');
  const program = path.join(userDataDir, 'host-with-errors.sh');
  const lines = ['#!/bin/sh', `exec 2>>'${errors}'`, `echo '${PLANTED.stderr}' >&2`, `exec '${manifest.path}' "$@"`, ''];
  await writeFile(program, lines.join('\n'), { mode: 0o755 });
  await writeFile(`${manifestFile}.new`, JSON.stringify({ ...manifest, path: program }));
  await rename(`${manifestFile}.new`, manifestFile);
}

describe('the PIN', () => {
  let stack: Stack;
  const console: string[] = [];

  beforeAll(async () => {
    stack = await startStack({ browser: { args: ['--enable-logging', '--v=1'] } });
    await keepHostErrors(stack.browser.userDataDir);
    await stack.browser.context.addInitScript(recordMessages);
    stack.browser.context.on('console', (message) => console.push(message.text()));
    stack.browser.context.on('weberror', (error) => console.push(error.error().stack ?? error.error().message));
  });
  afterAll(() => stack.close());

  test('every form of a text is found', () => {
    const content = Buffer.from(`something before ${PIN} and after`);
    const found = [
      content,
      Buffer.from(content.toString(), 'utf16le'),
      Buffer.from(content.toString(), 'utf16le').swap16(),
      ...['base64', 'base64url', 'hex'].flatMap((encoding) =>
        [0, 1, 2].map((shift) => Buffer.from(content.subarray(shift).toString(encoding as BufferEncoding))),
      ),
    ].map((each) => holds(each, PIN));
    expect(found).not.toContain(false);
    expect(holds(content, WRONG_PIN)).toBe(false);
    // None so short that it would be found by chance.
    expect(Math.min(...formsOf(PIN).map(({ length }) => length))).toBeGreaterThanOrEqual(16);
  });

  test('is nowhere after it was set, entered wrong and entered right', async () => {
    const { keys, browser } = stack;
    // The host that was started with the browser writes elsewhere: the next one is watched.
    const popup = await browser.openPopup();
    await expect.poll(() => readPopupView(popup)).toMatchObject({ host: { status: 'ready' } });
    for (const pid of await hostPids(browser)) process.kill(pid);
    await expect.poll(() => hostPids(browser)).toEqual([]);
    await popup.close();
    const key = await stack.plugKey();
    const page = await stack.openLab();

    const registration = await promptFor(stack, () => callCreate(page));
    await registration.prompt.waitForState('needsNewPin');
    await registration.prompt.setNewPin(PIN);
    const registered = await registration.call.outcome;
    if (!registered.ok) throw new Error(registered.name);
    const signIn = await promptFor(stack, () => callGet(page));
    await signIn.prompt.waitForState('needsPin');
    await signIn.prompt.enterPin(WRONG_PIN);
    await expect.poll(() => signIn.prompt.text()).toContain('Tries left: 7');
    await signIn.prompt.enterPin(PIN);
    expect(await signIn.call.outcome).toMatchObject({ ok: true });
    // One that ends while the key looks at the PIN.
    const broken = await promptFor(stack, () => callGet(page));
    await broken.prompt.waitForState('needsPin');
    const { commandsSeen } = await keys.state(key.id);
    await keys.configure(key.id, { workTime: 2000 });
    await broken.prompt.enterPin(PIN);
    await keys.waitFor(key.id, 'command:clientPin.getKeyAgreement', { after: commandsSeen });
    await keys.unplug(key.id);
    expect(await broken.call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await broken.prompt.waitForState('failed');

    const records = await browser.openPopup();
    const places: Record<string, string> = {
      'messages to the page': await page.evaluate(() =>
        JSON.stringify((globalThis as unknown as { recordedMessages: unknown[] }).recordedMessages),
      ),
      'popup and records': JSON.stringify(await readPopupView(records)),
      'text of the popup': await records.locator('main').innerText(),
      'text of the prompt': await broken.prompt.page.content(),
      'log of the key': JSON.stringify(await keys.state(key.id)),
    };
    await records.evaluate((value) => chrome.storage.local.set({ planted: value }), PLANTED.storage);
    await records.evaluate((value) => globalThis.console.log(value), PLANTED.console);
    places['storage of the extension'] = await records.evaluate(async () =>
      JSON.stringify([await chrome.storage.local.get(null), await chrome.storage.session.get(null)]),
    );
    places['console'] = console.join('\n');
    await browser.context.close();

    for (const pin of [PIN, WRONG_PIN]) {
      expect(Object.keys(places).filter((place) => holds(places[place] ?? '', pin))).toEqual([]);
      expect(await filesHolding(browser.userDataDir, pin)).toEqual([]);
    }

    // Each place was really looked into.
    const { id } = registered.credential;
    expect(places['messages to the page']).toContain(id);
    expect(places['popup and records']).toContain('succeeded');
    expect(places['log of the key']).toContain('clientPin.setPin');
    expect(places['storage of the extension']).toContain(id);
    expect(places['storage of the extension']).toMatch(/"ceremonyDetail\.\d+":\{[^]*"recording"/);
    expect(places['console']).toContain(PLANTED.console);
    expect(await filesHolding(browser.userDataDir, PLANTED.storage)).toContainEqual(expect.stringMatching(/Local Extension Settings/));
    expect(await filesHolding(browser.userDataDir, PLANTED.console)).toContain('chrome_debug.log');
    expect(await filesHolding(browser.userDataDir, PLANTED.stderr)).toContain('host-stderr.log');
  });
});
