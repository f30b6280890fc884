import { promptPagePath, type PromptView } from '../../shared/wire/ui.ts';
import type { WindowBounds, WindowsPort } from '../platform/ports.ts';
import { delay } from './delay.ts';
import { randomId } from './random-id.ts';

/** Path of the prompt's page within the extension. */
export const PROMPT_PAGE = 'ui/prompt/index.html';

/** Device-independent pixels, frame included. */
const PROMPT_SIZE = { width: 460, height: 600 } as const;

/** What the prompt's user does, to the ceremony that it shows. The inputs tell whether they were wanted. */
export interface PromptActions {
  /** The site's name is on the screen. */
  visible(): void;
  submitPin(pin: string): Promise<boolean>;
  submitNewPin(pin: string): Promise<boolean>;
  selectCredential(index: number): Promise<boolean>;
  /** Removes what a refused registration has left on the key. */
  deleteCredential(pin: string | undefined): void;
  useCard(readerName: string): Promise<boolean>;
  shareAttestation(shared: boolean): void;
  cancel(): void;
  useBrowser(): void;
  /** The window is gone. */
  closed(): void;
  /** The browser opened no window, or the window never showed its page. */
  failedToOpen(fault: unknown): void;
}

/** A prompt window of one ceremony. */
export interface Prompt {
  update(view: PromptView): void;
  /** Closes the window; resolves when it is gone. */
  close(): Promise<void>;
  /** Resolves when the window shall close, or is closed. */
  readonly ended: Promise<void>;
}

/** The connection of the window's page to its prompt. */
export interface AttachedPrompt {
  readonly actions: PromptActions;
  /** Resolves when the window shall close. */
  readonly ended: Promise<void>;
  /** The page is gone. */
  detached(): void;
}

/** The one prompt window: opening the next closes the one before. */
export interface Prompts {
  /** Opens the window of a ceremony over the window that the request came from. */
  open(view: PromptView, actions: PromptActions, parentWindowId: number | undefined): Prompt;
  /** Connects the window's page; `undefined` for a prompt that is gone or has its page already. */
  attach(promptId: string, onView: (view: PromptView) => void): AttachedPrompt | undefined;
}

interface OpenPrompt extends Prompt {
  readonly id: string;
  readonly actions: PromptActions;
  view: PromptView;
  onView: ((view: PromptView) => void) | undefined;
  windowId: number | undefined;
  isClosed: boolean;
  closedByUser(): void;
}

/**
 * Builds the owner of prompt windows. Registers its listener at once.
 *
 * @param pageDeadline milliseconds for the window's page to connect; a window that stays empty is closed.
 */
export function createPrompts(windows: WindowsPort, pageDeadline: number): Prompts {
  /** Windows that closed before their opening was known to be done. */
  const closedEarly = new Set<number>();
  let current: OpenPrompt | undefined;

  windows.onClosed((windowId) => {
    if (current?.windowId === windowId) current.closedByUser();
    else if (current !== undefined && current.windowId === undefined) closedEarly.add(windowId);
  });

  async function openWindow(id: string, parentWindowId: number | undefined): Promise<number> {
    const path = promptPagePath(id);
    const parent = parentWindowId === undefined ? undefined : await windows.bounds(parentWindowId);
    if (parent === undefined) return windows.openPopup(path, PROMPT_SIZE);
    // A window half outside the screen leads to a place that browsers refuse: let them choose one then.
    return windows.openPopup(path, PROMPT_SIZE, centredIn(parent)).catch(() => windows.openPopup(path, PROMPT_SIZE));
  }

  return {
    open(view, actions, parentWindowId) {
      void current?.close();
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      const prompt: OpenPrompt = {
        id: randomId(),
        actions,
        view,
        onView: undefined,
        ended,
        windowId: undefined,
        isClosed: false,
        update(next) {
          if (prompt.isClosed) return;
          prompt.view = next;
          prompt.onView?.(next);
        },
        async close() {
          finish();
          // Firefox never tells of a window that was closed while it opened.
          const windowId = await Promise.race([opening, delay(pageDeadline)]);
          if (windowId !== undefined) await windows.close(windowId);
        },
        closedByUser() {
          if (prompt.isClosed) return;
          finish();
          actions.closed();
        },
      };

      function finish(): void {
        clearTimeout(pageTimer);
        prompt.isClosed = true;
        if (current === prompt) current = undefined;
        end();
      }

      const pageTimer = setTimeout(() => {
        if (prompt.onView !== undefined || prompt.isClosed) return;
        void prompt.close();
        actions.failedToOpen(new Error('The page of the prompt window did not load.'));
      }, pageDeadline);

      closedEarly.clear();
      current = prompt;
      const opening = openWindow(prompt.id, parentWindowId).then(
        (windowId) => {
          prompt.windowId = windowId;
          if (closedEarly.delete(windowId)) prompt.closedByUser();
          return windowId;
        },
        (fault: unknown) => {
          finish();
          actions.failedToOpen(fault);
          return undefined;
        },
      );
      return prompt;
    },

    attach(promptId, onView) {
      const prompt = current;
      if (prompt?.id !== promptId || prompt.onView !== undefined) return undefined;
      prompt.onView = onView;
      onView(prompt.view);
      return { actions: prompt.actions, ended: prompt.ended, detached: () => prompt.closedByUser() };
    },
  };
}

function centredIn({ left, top, width, height }: WindowBounds): { left: number; top: number } {
  return {
    left: Math.round(left + (width - PROMPT_SIZE.width) / 2),
    top: Math.max(top, Math.round(top + (height - PROMPT_SIZE.height) / 2)),
  };
}
