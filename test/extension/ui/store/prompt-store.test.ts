import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  ANSWER_DEADLINE,
  CLOSE_DEADLINE,
  createPromptStore,
  PromptPhase,
  type PromptStore,
} from '../../../../extension/ui/store/prompt-store.ts';
import { failure, type Result, success } from '../../../../shared/bytes/result.ts';
import { promptHop, type PromptView } from '../../../../shared/wire/ui.ts';
import { type Fixture, fixturePlatform } from '../fixtures/fixture-platform.ts';
import { PROMPT_STATES } from '../fixtures/states.ts';

type Answer = Result<object, { message: string }>;

const OK: Answer = success({});
const REFUSED: Answer = failure({ message: 'no' });

function stateOf(name: string): PromptView {
  const view = PROMPT_STATES[name];
  if (view === undefined) throw new Error(`No state ${name}`);
  return view;
}

interface Setup {
  readonly store: PromptStore;
  readonly fixture: Fixture;
  readonly show: (state: string) => void;
  readonly end: (answer: Answer) => void;
}

/** @param input how the background answers whatever the user does; null for not at all. */
function setUp(input: Answer | null = OK): Setup {
  let show: (state: string) => void = () => undefined;
  let end: (answer: Answer) => void = () => undefined;
  const answer = (): Promise<Answer> | Answer => input ?? new Promise(() => undefined);
  const { platform, fixture } = fixturePlatform(
    promptHop,
    {
      'prompt.attach'(_params, { emit }) {
        show = (state) => emit({ event: 'prompt.view', data: stateOf(state) });
        return new Promise((resolve) => {
          end = resolve;
        });
      },
      'prompt.visible': () => OK,
      'prompt.submitPin': answer,
      'prompt.submitNewPin': answer,
      'prompt.selectCredential': answer,
      'prompt.useCard': answer,
      'prompt.shareAttestation': answer,
      'prompt.deleteCredential': answer,
      'prompt.cancel': answer,
      'prompt.useBrowser': answer,
    },
    'en',
  );
  const store = createPromptStore(platform, 'prompt-1');
  return { store, fixture, show: (state) => show(state), end: (result) => end(result) };
}

/** Lets promises settle, and `milliseconds` pass. */
const pass = (milliseconds = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the prompt store', () => {
  it('attaches at once, under the id of the page', () => {
    const { fixture, store } = setUp();
    expect(fixture.requests).toEqual([{ method: 'prompt.attach', params: { promptId: 'prompt-1' } }]);
    expect(store.phase.value).toBe(PromptPhase.connecting);
  });

  it('shows each view that comes', () => {
    const { store, show } = setUp();
    show('waiting');
    expect(store.phase.value).toBe(PromptPhase.live);
    show('touch');
    expect(store.view.value).toEqual(PROMPT_STATES['touch']);
  });

  it('gives up when no view comes', async () => {
    const { store } = setUp();
    await pass(ANSWER_DEADLINE - 1);
    expect(store.phase.value).toBe(PromptPhase.connecting);
    await pass(1);
    expect(store.phase.value).toBe(PromptPhase.lost);
  });

  it('does not give up on a ceremony that is shown, however long it takes', async () => {
    const { store, show } = setUp();
    show('waiting');
    await pass(10 * ANSWER_DEADLINE);
    expect(store.phase.value).toBe(PromptPhase.live);
  });

  it('tells that the site is shown once only', () => {
    const { store, fixture, show } = setUp();
    show('waiting');
    store.siteShown();
    store.siteShown();
    expect(fixture.requests.filter(({ method }) => method === 'prompt.visible')).toHaveLength(1);
  });

  it('passes the PIN on and waits for the next view', async () => {
    const { store, fixture, show } = setUp();
    show('pin');
    store.submitPin('1234');
    expect(fixture.requests.at(-1)).toEqual({ method: 'prompt.submitPin', params: { pin: '1234' } });
    await pass();
    expect(store.sending.value).toBe(true);
    show('touch');
    expect(store.sending.value).toBe(false);
    await pass(2 * ANSWER_DEADLINE);
    expect(store.inputRefused.value).toBe(false);
  });

  it.each([
    ['is refused', REFUSED, 0],
    ['has no answer in time', null, ANSWER_DEADLINE],
    ['has no effect in time', OK, ANSWER_DEADLINE],
  ])('says so when an input %s, and takes the next one', async (_, answer, wait) => {
    const { store, show } = setUp(answer);
    show('pin');
    store.submitPin('1234');
    await pass(wait);
    expect([store.sending.value, store.inputRefused.value]).toEqual([false, true]);
    store.submitPin('1234');
    expect([store.sending.value, store.inputRefused.value]).toEqual([true, false]);
  });

  it('names the account by its index', () => {
    const { store, fixture, show } = setUp();
    show('accounts');
    store.selectCredential(2);
    expect(fixture.requests.at(-1)).toEqual({ method: 'prompt.selectCredential', params: { index: 2 } });
  });

  it('names the card by its reader', () => {
    const { store, fixture, show } = setUp();
    show('present-before');
    store.useCard('ACR1252');
    expect(fixture.requests.at(-1)).toEqual({ method: 'prompt.useCard', params: { readerName: 'ACR1252' } });
    expect(store.sending.value).toBe(true);
  });

  it('passes on whether the site gets the attestation, without waiting for an effect', () => {
    const { store, fixture, show } = setUp();
    show('waiting-attestation');
    store.shareAttestation(false);
    expect(fixture.requests.at(-1)).toEqual({ method: 'prompt.shareAttestation', params: { shared: false } });
    expect(store.sending.value).toBe(false);
  });

  it('cancels, and closes when the background has heard it', async () => {
    const { store, fixture, show } = setUp();
    show('waiting');
    store.cancel();
    expect([fixture.requests.at(-1)?.method, fixture.closed]).toEqual(['prompt.cancel', 0]);
    await pass();
    expect(fixture.closed).toBe(1);
    await pass(CLOSE_DEADLINE);
    expect(fixture.closed).toBe(1);
  });

  it('closes without the background after a while', async () => {
    const { store, fixture, show } = setUp(null);
    show('waiting');
    store.useBrowser();
    await pass(CLOSE_DEADLINE - 1);
    expect(fixture.closed).toBe(0);
    await pass(1);
    expect(fixture.closed).toBe(1);
  });

  it('closes at the end of a ceremony', async () => {
    const { fixture, show, end } = setUp();
    show('succeeded');
    end(OK);
    await pass();
    expect(fixture.closed).toBe(1);
  });

  it.each([
    ['ends', ({ end }: Setup) => end(OK)],
    ['is gone', ({ fixture }: Setup) => fixture.disconnect()],
    ['refuses', ({ end }: Setup) => end(REFUSED)],
  ])('keeps a reason on show until the user closes it, also when the background %s', async (_, happen) => {
    const setup = setUp();
    setup.show('failed-timeout');
    happen(setup);
    await pass(2 * ANSWER_DEADLINE);
    expect(setup.store.phase.value).toBe(PromptPhase.live);
    expect(setup.fixture.closed).toBe(0);
    const before = setup.fixture.requests.length;
    setup.store.cancel();
    expect(setup.fixture.closed).toBe(1);
    expect(setup.fixture.requests).toHaveLength(before);
  });

  it.each([
    ['offered', 'unknown'],
    ['working', 'unknown'],
    ['needsPin', 'unknown'],
    ['failed', 'unknown'],
    ['deleted', 'deleted'],
    ['notSupported', 'notSupported'],
  ])('offers no removal that nobody carries out when the background is gone: %s', async (state, then) => {
    const { store, show, fixture } = setUp();
    show(`failed-deletion-${state}`);
    fixture.disconnect();
    await pass();
    expect(store.view.value?.deletion).toEqual({ state: then });
    expect(store.view.value?.failedChecks).not.toEqual([]);
  });

  it('tells a ceremony that is over from a background that is gone', async () => {
    const over = setUp();
    over.end(REFUSED);
    await pass();
    expect(over.store.phase.value).toBe(PromptPhase.over);
    const lost = setUp();
    lost.show('waiting');
    lost.fixture.disconnect();
    await pass();
    expect(lost.store.phase.value).toBe(PromptPhase.lost);
  });

  it.each([
    ['no envelope', 'hello'],
    ['an answer to nothing', { v: 1, id: 'other', ok: true, result: {} }],
    ['a request', { v: 1, id: 'other', method: 'prompt.attach', params: {} }],
  ])('closes the connection over %s', async (_, message) => {
    const { store, fixture, show } = setUp();
    show('waiting');
    fixture.deliver(message);
    await pass();
    expect(store.phase.value).toBe(PromptPhase.lost);
    show('touch');
    expect(store.view.value).toEqual(PROMPT_STATES['waiting']);
  });
});
