import { describe, expect, it } from 'vitest';

import { createPopupStore, type PopupStore } from '../../../../extension/ui/store/popup-store.ts';
import { failure, success } from '../../../../shared/bytes/result.ts';
import { isWithinLimits } from '../../../../shared/wire/envelope.ts';
import { popupHop, type PopupView } from '../../../../shared/wire/ui.ts';
import { type Fixture, fixturePlatform } from '../fixtures/fixture-platform.ts';
import { popupWithHistory } from '../fixtures/states.ts';

interface Setup {
  readonly store: PopupStore;
  readonly fixture: Fixture;
  readonly show: (view: PopupView) => void;
  readonly answerCheck: () => void;
}

function setUp(): Setup {
  let show: (view: PopupView) => void = () => undefined;
  let answerCheck: () => void = () => undefined;
  const accept = (): { ok: true; value: object } => success({});
  const { platform, fixture } = fixturePlatform(
    popupHop,
    {
      'popup.attach'(_params, { emit }) {
        show = (data) => emit({ event: 'popup.view', data });
        return new Promise(() => undefined);
      },
      'popup.setPaused': accept,
      'popup.setSiteUsed': accept,
      'popup.setSiteProfile': accept,
      'popup.checkHost': () =>
        new Promise((resolve) => {
          answerCheck = () => resolve(success({}));
        }),
      'popup.clearCeremonies': accept,
      'popup.ceremonyDetail': ({ id }) =>
        id === 'gone' ? failure({ message: 'Not kept.' }) : success({ id, options: '{}', areOptionsCut: false, timeline: [] }),
      'popup.knownCredentials': ({ from }) =>
        from === 0
          ? success({ registered: [{ rpId: 'example.org', credentialId: 'AQID' }], learned: [], next: 1 })
          : success({ registered: [], learned: [{ rpId: 'example.org', credentialId: 'BAUG' }] }),
      'popup.forgetCredential': accept,
      'popup.importCredentials': ({ credentials }) => {
        const { registered } = credentials as { registered: { isRefused?: boolean }[] };
        return success({ added: registered.length, ...(registered.some(({ isRefused }) => isRefused) ? { isUnsaved: true as const } : {}) });
      },
    },
    'en',
  );
  const store = createPopupStore(platform);
  return { store, fixture, show: (view) => show(view), answerCheck: () => answerCheck() };
}

describe('the popup store', () => {
  it('shows the views of the background', () => {
    const { store, show } = setUp();
    const view = popupWithHistory(0);
    show(view);
    expect(store.view.value).toEqual(view);
  });

  it('passes on what the user does', () => {
    const { store, fixture } = setUp();
    store.setPaused(true);
    store.clearCeremonies();
    expect(fixture.requests.slice(1)).toEqual([
      { method: 'popup.setPaused', params: { paused: true } },
      { method: 'popup.clearCeremonies', params: {} },
    ]);
  });

  it('changes the site that the view shows, and no other', () => {
    const { store, fixture, show } = setUp();
    store.setSiteUsed(false);
    expect(fixture.requests).toHaveLength(1);
    show({ ...popupWithHistory(0), site: { host: 'login.example', isUsed: true } });
    store.setSiteUsed(false);
    store.setSiteProfile('microsoft', true);
    expect(fixture.requests.slice(1)).toEqual([
      { method: 'popup.setSiteUsed', params: { host: 'login.example', isUsed: false } },
      { method: 'popup.setSiteProfile', params: { id: 'microsoft', isOn: true } },
    ]);
  });

  it('is checking until the background has looked', async () => {
    const { store, answerCheck } = setUp();
    store.checkHost();
    expect(store.checking.value).toBe(true);
    answerCheck();
    await expect.poll(() => store.checking.value).toBe(false);
  });

  it('loads what is known of credentials, forgets one, and tells what an import brought', async () => {
    const { store, fixture } = setUp();
    store.loadCredentials();
    await expect.poll(() => store.credentials.value?.registered).toEqual([{ rpId: 'example.org', credentialId: 'AQID' }]);
    store.forgetCredential('example.org', 'AQID');
    expect(fixture.requests.at(-1)).toEqual({ method: 'popup.forgetCredential', params: { rpId: 'example.org', credentialId: 'AQID' } });
    store.importCredentials('{');
    expect(store.imported.value).toBe('failed');
    expect(store.credentials.value?.learned).toEqual([{ rpId: 'example.org', credentialId: 'BAUG' }]);
    for (const text of ['{"registered": []}', '{"registered": {}, "learned": []}', 'null', '7']) {
      store.importCredentials(text);
      expect(store.imported.value).toBe('failed');
    }
    // As an editor may have saved it.
    store.importCredentials('\uFEFF{"registered": [{}, {}], "learned": [7]}\n');
    await expect.poll(() => store.imported.value).toEqual({ added: 2, given: 3, isUnsaved: false });
  });

  it('takes up an import of any size in messages of a size that is taken, without what can be no record', async () => {
    const { store, fixture } = setUp();
    const entry = { note: 'x'.repeat(1000) };
    const deep: unknown = JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`);
    store.importCredentials(JSON.stringify({ registered: [...Array.from({ length: 500 }, () => entry), deep, 'x'.repeat(400_000)], learned: [entry] }));
    await expect.poll(() => store.imported.value).toEqual({ added: 500, given: 503, isUnsaved: false });
    const sent = fixture.requests.filter(({ method }) => method === 'popup.importCredentials').map(({ params }) => params);
    expect(sent.length).toBeGreaterThan(1);
    expect(sent.every((params) => isWithinLimits(params))).toBe(true);
  });

  it('sends no more of a site in parts than it must, and no more at all than anybody has', async () => {
    const { store, fixture } = setUp();
    const registered = Array.from({ length: 5000 }, (_, index) => ({ rpId: `s${(index % 4).toString()}.example`, note: 'x'.repeat(100) }));
    store.importCredentials(JSON.stringify({ registered, learned: [] }));
    await expect.poll(() => store.imported.value).toEqual({ added: 4096, given: 5000, isUnsaved: false });
    const parts = fixture.requests.flatMap(({ method, params }) => (method === 'popup.importCredentials' ? [params as { credentials: { registered: { rpId: string }[] } }] : []));
    const sites = parts.map(({ credentials }) => new Set(credentials.registered.map(({ rpId }) => rpId)).size);
    // Each part but the first may go on with the site of the one before.
    expect(sites.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4 + parts.length - 1);
  });

  it('ends an import where the browser has no more room, and says so', async () => {
    const { store, fixture } = setUp();
    const entry = { note: 'x'.repeat(60_000) };
    store.importCredentials(JSON.stringify({ registered: [entry, entry, { isRefused: true }, ...Array.from({ length: 8 }, () => entry)], learned: [] }));
    await expect.poll(() => store.imported.value).toEqual({ added: 3, given: 11, isUnsaved: true });
    expect(fixture.requests.filter(({ method }) => method === 'popup.importCredentials')).toHaveLength(1);
  });

  it('notices that the background is gone, and ends a check with it', async () => {
    const { store, fixture } = setUp();
    store.checkHost();
    fixture.disconnect();
    await expect.poll(() => [store.lost.value, store.checking.value]).toEqual([true, false]);
  });

  it('opens and closes the details of a ceremony', async () => {
    const { store } = setUp();
    store.openDetail('one');
    expect(store.opened.value).toEqual({ id: 'one', detail: 'loading' });
    await expect.poll(() => store.opened.value?.detail).toMatchObject({ id: 'one', options: '{}' });
    store.openDetail('gone');
    await expect.poll(() => store.opened.value).toEqual({ id: 'gone', detail: 'gone' });
    store.openDetail('one');
    store.closeDetail();
    // The answer of the one that was closed comes before that of the next one.
    store.openDetail('gone');
    await expect.poll(() => store.opened.value?.detail).toBe('gone');
    expect(store.opened.value?.id).toBe('gone');
  });
});
