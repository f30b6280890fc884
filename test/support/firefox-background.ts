import { FIREFOX_ADDON_ID } from '../../manifests/extension-identity.ts';
import type { KeystileFirefox } from './firefox.ts';

const EXTENSION = `const { extension } = WebExtensionPolicy.getByID(${JSON.stringify(FIREFOX_ADDON_ID)});\n`;

/** Waits until Firefox would have stopped the idle event page. Resolves with what kept it. */
export async function untilKeptAlive(firefox: KeystileFirefox): Promise<string> {
  const body = `const [done] = arguments; extension.once('background-script-reset-idle', (event, { reason }) => done(reason));`;
  return String(await firefox.chrome(EXTENSION + body));
}

/** Stops the event page, whatever it does, as Firefox does with one that is idle. */
export async function stopEventPage(firefox: KeystileFirefox): Promise<void> {
  await firefox.chrome(`${EXTENSION} const [done] = arguments; extension.terminateBackground({ disableResetIdleForTest: true }).then(done);`);
}

/** Removes the extension while its pages and scripts are in use. */
export async function removeExtension({ marionette }: KeystileFirefox): Promise<void> {
  await marionette.send('Addon:Uninstall', { id: FIREFOX_ADDON_ID });
}

/**
 * Lets prompt windows render, but not paint: their frame callbacks wait.
 *
 * @returns a function that lets them paint.
 */
export async function holdPromptFrames(firefox: KeystileFirefox): Promise<() => Promise<void>> {
  const frameScript = `data:,${encodeURIComponent(`
    const held = [];
    let prompt;
    addEventListener('DOMWindowCreated', ({ target }) => {
      const view = target.defaultView;
      if (!view.location.pathname.startsWith('/ui/prompt/')) return;
      prompt = view;
      Cu.exportFunction((callback) => held.push(callback), view, { defineAs: 'requestAnimationFrame' });
    });
    addMessageListener('keystile:paint', () => {
      for (const callback of held.splice(0)) prompt.requestAnimationFrame(callback);
    });
  `)}`;
  await firefox.chrome('Services.mm.loadFrameScript(arguments[0], true); arguments[1]();', frameScript);
  return async () => {
    await firefox.chrome(
      `Services.mm.removeDelayedFrameScript(arguments[0]);
       Services.mm.broadcastAsyncMessage('keystile:paint');
       arguments[1]();`,
      frameScript,
    );
  };
}
