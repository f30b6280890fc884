import { describe, expect, it } from 'vitest';

import { createPrompts, type PromptActions } from '../../../extension/background/prompts.ts';
import type { WindowsPort } from '../../../extension/platform/ports.ts';
import type { PromptView } from '../../../shared/wire/ui.ts';

const VIEW: PromptView = {
  kind: 'authentication',
  rpId: 'example.com',
  origin: 'https://example.com',
  ceremony: { state: 'waitingForDevice', problems: [] },
  canUseBrowser: true,
};

/** A browser that never says that a window has opened: Firefox, when it is closed while it opens. */
function windowsThatNeverOpen(): WindowsPort {
  return {
    bounds: () => Promise.resolve(undefined),
    openPopup: () => new Promise(() => undefined),
    close: () => Promise.resolve(),
    focus: () => Promise.resolve(),
    activateTab: () => Promise.resolve(),
    onClosed: () => undefined,
  };
}

describe('a window of which the browser never says that it opened', () => {
  it('fails at the deadline of its page, and closing it does not wait for ever', async () => {
    const prompts = createPrompts(windowsThatNeverOpen(), 20);
    const failed = new Promise((resolve) => {
      const actions = { failedToOpen: resolve } as Partial<PromptActions> as PromptActions;
      const prompt = prompts.open(VIEW, actions, undefined);
      void prompt.close().then(() => resolve('closed'));
    });
    expect(await failed).toBe('closed');
    const error = await new Promise((resolve) => {
      prompts.open(VIEW, { failedToOpen: resolve } as Partial<PromptActions> as PromptActions, undefined);
    });
    expect(String(error)).toContain('did not load');
  });
});
