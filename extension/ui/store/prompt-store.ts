import { type ReadonlySignal, signal } from '@preact/signals';

import type { RequestFailure } from '../../../shared/wire/requester.ts';
import type { Result } from '../../../shared/bytes/result.ts';
import { promptHop, type PromptHop, type PromptView, UiPortName } from '../../../shared/wire/ui.ts';
import { connectHop } from './hop-connection.ts';
import type { UiPlatform } from './port.ts';

/** How the prompt stands with the background. */
export const PromptPhase = {
  /** No view has come yet. */
  connecting: 'connecting',
  /** Shows the ceremony. */
  live: 'live',
  /** The background knows no such ceremony (any more). */
  over: 'over',
  /** The background went away, or does not answer. */
  lost: 'lost',
} as const;
export type PromptPhase = (typeof PromptPhase)[keyof typeof PromptPhase];

/** Milliseconds until the first view must have come, and until an input must have had an effect. */
export const ANSWER_DEADLINE = 10_000;

/** What is true of a credential on the key whether or not the background is there. */
const LASTING: readonly NonNullable<PromptView['deletion']>['state'][] = ['deleted', 'notSupported', 'pinBlocked', 'unknown'];

/** Milliseconds that closing the window waits for the background to take the last word. */
export const CLOSE_DEADLINE = 1000;

/** The prompt's state and what the user can do. Holds no PIN: it passes through. */
export interface PromptStore {
  readonly phase: ReadonlySignal<PromptPhase>;
  readonly view: ReadonlySignal<PromptView | undefined>;
  /** An input is on its way; the next view ends this. */
  readonly sending: ReadonlySignal<boolean>;
  /** The last input did not arrive. */
  readonly inputRefused: ReadonlySignal<boolean>;
  /** To be called when the site's name has been painted in a visible window. Only the first call counts. */
  siteShown(): void;
  submitPin(pin: string): void;
  submitNewPin(pin: string): void;
  selectCredential(index: number): void;
  /** Uses the card that lay on this reader before the request. */
  useCard(readerName: string): void;
  /** Lets the site have the attestation that it asks for, or not. */
  shareAttestation(shared: boolean): void;
  /** Removes what a refused registration has left on the key. */
  deleteCredential(pin?: string): void;
  /** Gives the request back to the browser, and closes. */
  useBrowser(): void;
  /** Cancels the ceremony if it still runs, and closes. */
  cancel(): void;
}

/**
 * Attaches to a ceremony of the background at once, so that the first view is on its way while the page renders.
 *
 * @param promptId from the page's address.
 */
export function createPromptStore(platform: UiPlatform, promptId: string): PromptStore {
  const phase = signal<PromptPhase>(PromptPhase.connecting);
  const view = signal<PromptView | undefined>(undefined);
  const sending = signal(false);
  const inputRefused = signal(false);
  let shown = false;
  let inputDeadline: ReturnType<typeof setTimeout> | undefined;

  const connection = connectHop(promptHop, UiPortName.prompt, platform, () => settle(PromptPhase.lost));
  const firstView = setTimeout(() => settle(PromptPhase.lost), ANSWER_DEADLINE);

  /** A reason stays on show for as long as the user reads it; anything else gives way to the new phase. */
  function settle(next: PromptPhase): void {
    clearTimeout(firstView);
    endSending(false);
    if (hasFailed()) withdrawOffer();
    else phase.value = next;
  }

  /** Nobody is there to remove anything: the key may hold the credential, and the user is to know. */
  function withdrawOffer(): void {
    const last = view.value;
    if (last?.deletion === undefined || LASTING.includes(last.deletion.state)) return;
    view.value = { ...last, deletion: { state: 'unknown' } };
  }

  function hasFailed(): boolean {
    return view.value?.ceremony.state === 'failed';
  }

  function endSending(refused: boolean): void {
    clearTimeout(inputDeadline);
    sending.value = false;
    inputRefused.value = refused;
  }

  function input(answer: Promise<Result<unknown, RequestFailure<PromptHop>>>): void {
    sending.value = true;
    inputRefused.value = false;
    inputDeadline = setTimeout(() => endSending(true), ANSWER_DEADLINE);
    void answer.then(({ ok }) => {
      if (!ok && sending.value) endSending(true);
    });
  }

  function closeAfter(answer: Promise<unknown>): void {
    const deadline = setTimeout(() => platform.closeWindow(), CLOSE_DEADLINE);
    void answer.then(() => {
      clearTimeout(deadline);
      platform.closeWindow();
    });
  }

  void connection
    .request('prompt.attach', { promptId }, {
      onEvent({ data }) {
        clearTimeout(firstView);
        endSending(false);
        view.value = data;
        phase.value = PromptPhase.live;
      },
    })
    .then((end) => {
      if (!end.ok) settle(end.error.kind === 'error' ? PromptPhase.over : PromptPhase.lost);
      else if (hasFailed()) withdrawOffer();
      else platform.closeWindow();
    });

  return {
    phase,
    view,
    sending,
    inputRefused,
    siteShown() {
      if (shown) return;
      shown = true;
      void connection.request('prompt.visible', {});
    },
    submitPin: (pin) => input(connection.request('prompt.submitPin', { pin })),
    submitNewPin: (pin) => input(connection.request('prompt.submitNewPin', { pin })),
    selectCredential: (index) => input(connection.request('prompt.selectCredential', { index })),
    useCard: (readerName) => input(connection.request('prompt.useCard', { readerName })),
    // No wait for an effect: the view that comes back shows it.
    shareAttestation: (shared) => void connection.request('prompt.shareAttestation', { shared }),
    // No wait: the view that comes back at once shows that it works.
    deleteCredential: (pin) => void connection.request('prompt.deleteCredential', pin === undefined ? {} : { pin }),
    useBrowser: () => closeAfter(connection.request('prompt.useBrowser', {})),
    cancel() {
      const runs = phase.value === PromptPhase.live && !hasFailed() && view.value?.ceremony.state !== 'succeeded';
      if (runs || phase.value === PromptPhase.connecting) closeAfter(connection.request('prompt.cancel', {}));
      else platform.closeWindow();
    },
  };
}
