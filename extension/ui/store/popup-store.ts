import { type ReadonlySignal, signal } from '@preact/signals';

import { popupHop, type PopupView, UiPortName } from '../../../shared/wire/ui.ts';
import { connectHop } from './hop-connection.ts';
import type { UiPlatform } from './port.ts';

/** The popup's state and what the user can do. */
export interface PopupStore {
  readonly view: ReadonlySignal<PopupView | undefined>;
  /** The background went away. */
  readonly lost: ReadonlySignal<boolean>;
  /** The host is being looked for. */
  readonly checking: ReadonlySignal<boolean>;
  setPaused(paused: boolean): void;
  checkHost(): void;
  clearCeremonies(): void;
}

/** Attaches to the background; every change there comes as a view. */
export function createPopupStore(platform: UiPlatform): PopupStore {
  const view = signal<PopupView | undefined>(undefined);
  const lost = signal(false);
  const checking = signal(false);
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

  return {
    view,
    lost,
    checking,
    setPaused: (paused) => void connection.request('popup.setPaused', { paused }),
    checkHost() {
      checking.value = true;
      void connection.request('popup.checkHost', {}).then(() => {
        checking.value = false;
      });
    },
    clearCeremonies: () => void connection.request('popup.clearCeremonies', {}),
  };
}
