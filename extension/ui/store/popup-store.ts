import { type ReadonlySignal, signal } from '@preact/signals';

import type { CeremonyDetail } from '../../../shared/wire/inspector.ts';
import { type KnownCredentialsView, popupHop, type PopupView, UiPortName } from '../../../shared/wire/ui.ts';
import { connectHop } from './hop-connection.ts';
import { readImport } from './import-parts.ts';
import type { UiPlatform } from './port.ts';

/** A ceremony whose details are on show; `gone`: they are not kept any more. */
export interface OpenDetail {
  readonly id: string;
  readonly detail: CeremonyDetail | 'loading' | 'gone';
}

/** What came of an import: of the credentials that were given, how many were new. `isUnsaved`: the browser did not store the rest. */
export interface Imported {
  readonly added: number;
  readonly given: number;
  readonly isUnsaved: boolean;
}

/** The popup's state and what the user can do. */
export interface PopupStore {
  readonly view: ReadonlySignal<PopupView | undefined>;
  /** The background went away. */
  readonly lost: ReadonlySignal<boolean>;
  /** The host is being looked for. */
  readonly checking: ReadonlySignal<boolean>;
  setPaused(paused: boolean): void;
  /** For the site that the view shows; does nothing where it shows none. */
  setSiteUsed(isUsed: boolean): void;
  setSiteProfile(id: string, isOn: boolean): void;
  checkHost(): void;
  clearCeremonies(): void;
  /** Absent while the list is on show. */
  readonly opened: ReadonlySignal<OpenDetail | undefined>;
  openDetail(id: string): void;
  closeDetail(): void;
  /** Absent until they were asked for. */
  readonly credentials: ReadonlySignal<KnownCredentialsView | undefined>;
  /** What came of the last import; `failed`: it was none. */
  readonly imported: ReadonlySignal<Imported | 'failed' | undefined>;
  loadCredentials(): void;
  forgetCredential(rpId: string, credentialId: string): void;
  /** Takes up an export, as JSON. */
  importCredentials(text: string): void;
}

/** Attaches to the background; every change there comes as a view. */
export function createPopupStore(platform: UiPlatform): PopupStore {
  const view = signal<PopupView | undefined>(undefined);
  const lost = signal(false);
  const checking = signal(false);
  const credentials = signal<KnownCredentialsView | undefined>(undefined);
  const imported = signal<Imported | 'failed' | undefined>(undefined);
  const opened = signal<OpenDetail | undefined>(undefined);
  const lose = (): void => {
    lost.value = true;
  };
  const connection = connectHop(popupHop, UiPortName.popup, platform, lose);

  void connection
    .request('popup.attach', {}, {
      onEvent({ data }) {
        view.value = data;
      },
    })
    .then(lose);

  const readPart = (from: number) => connection.request('popup.knownCredentials', { from });

  async function loadCredentials(): Promise<void> {
    const all: KnownCredentialsView = { registered: [], learned: [] };
    let from: number | undefined = 0;
    while (from !== undefined) {
      const answer: Awaited<ReturnType<typeof readPart>> = await readPart(from);
      if (!answer.ok) return;
      all.registered.push(...answer.value.registered);
      all.learned.push(...answer.value.learned);
      from = answer.value.next;
    }
    credentials.value = all;
  }

  async function openDetail(id: string): Promise<void> {
    opened.value = { id, detail: 'loading' };
    const answer = await connection.request('popup.ceremonyDetail', { id });
    // Another one may be on show by now.
    if (opened.peek()?.id === id) opened.value = { id, detail: answer.ok ? answer.value : 'gone' };
  }

  async function importCredentials(text: string): Promise<void> {
    const given = readImport(text);
    if (given === undefined) {
      imported.value = 'failed';
      return;
    }
    imported.value = undefined;
    let added = 0;
    let isUnsaved = false;
    for (const credentials of given.parts) {
      const answer = await connection.request('popup.importCredentials', { credentials });
      added += answer.ok ? answer.value.added : 0;
      isUnsaved = !answer.ok || answer.value.isUnsaved === true;
      if (isUnsaved) break;
    }
    imported.value = { added, given: given.given, isUnsaved };
    await loadCredentials();
  }

  return {
    view,
    lost,
    credentials,
    imported,
    opened,
    openDetail: (id) => void openDetail(id),
    closeDetail() {
      opened.value = undefined;
    },
    loadCredentials: () => void loadCredentials(),
    forgetCredential: (rpId, credentialId) =>
      void connection.request('popup.forgetCredential', { rpId, credentialId }).then(() => loadCredentials()),
    importCredentials: (text) => void importCredentials(text),
    checking,
    setPaused: (paused) => void connection.request('popup.setPaused', { paused }),
    setSiteUsed(isUsed) {
      const host = view.value?.site?.host;
      if (host !== undefined) void connection.request('popup.setSiteUsed', { host, isUsed });
    },
    setSiteProfile: (id, isOn) => void connection.request('popup.setSiteProfile', { id, isOn }),
    checkHost() {
      checking.value = true;
      void connection.request('popup.checkHost', {}).then(() => {
        checking.value = false;
      });
    },
    clearCeremonies: () => void connection.request('popup.clearCeremonies', {}),
  };
}
