import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { Art } from '../components/art.tsx';
import { BrandMark } from '../components/brand-mark.tsx';
import { useTranslation } from '../components/translation.ts';
import type { Translate } from '../i18n.ts';
import { PromptPhase, type PromptStore } from '../store/prompt-store.ts';
import { RequestCard } from './request-card.tsx';
import { splitOrigin } from './site.ts';
import {
  presenceView,
  processingView,
  reinsertView,
  selectingDeviceView,
  userVerificationView,
} from './views/devices.tsx';
import { connectingView, failedView, lostView, overView, succeededView } from './views/endings.tsx';
import { enterPinView } from './views/enter-pin.tsx';
import { newPinView } from './views/new-pin.tsx';
import { selectAccountView } from './views/select-account.tsx';
import type { StateView } from './views/state-view.ts';
import { waitingForDeviceView } from './views/waiting-for-device.tsx';
import { whenPainted } from './when-painted.ts';

function currentView(store: PromptStore, t: Translate): StateView {
  const view = store.view.value;
  if (store.phase.value === PromptPhase.lost) return lostView(t);
  if (store.phase.value === PromptPhase.over) return overView(t);
  if (view === undefined) return connectingView(t);
  if (store.sending.value) return processingView(t);
  const { ceremony } = view;
  switch (ceremony.state) {
    case 'waitingForDevice':
      return waitingForDeviceView(ceremony, view.transports, t);
    case 'selectingDevice':
      return selectingDeviceView(ceremony, (readerName) => store.useCard(readerName), t);
    case 'needsPin':
      return enterPinView(ceremony, (pin) => store.submitPin(pin), t);
    case 'needsNewPin':
      return newPinView(ceremony, (pin) => store.submitNewPin(pin), t);
    case 'needsReinsert':
      return reinsertView(ceremony, (readerName) => store.useCard(readerName), t);
    case 'needsUv':
      return userVerificationView(ceremony, t);
    case 'needsPresence':
      return presenceView(ceremony, t);
    case 'processing':
      return processingView(t);
    case 'selectingCredential':
      return selectAccountView(ceremony, (index) => store.selectCredential(index), t);
    case 'succeeded':
      return succeededView(view.kind, t);
    case 'failed':
      return failedView(ceremony.reason, view, (pin) => store.deleteCredential(pin), t);
  }
}

/** The prompt window: who asks, what to do now, and the ways out. */
export function PromptApp({ store }: { readonly store: PromptStore }): JSX.Element {
  const t = useTranslation();
  const main = useRef<HTMLElement>(null);
  const view = store.view.value;
  const step = currentView(store, t);
  const stepKey = `${step.key} ${store.inputRefused.value.toString()}`;

  useLayoutEffect(() => {
    if (view === undefined) return;
    document.title = t('promptTitle', splitOrigin(view.origin, view.site).emphasis);
    whenPainted(document, () => store.siteShown());
  }, [view === undefined]);

  useLayoutEffect(() => {
    const target = main.current?.querySelector<HTMLElement>('[data-first=true]') ?? main.current?.querySelector('h1');
    target?.focus();
  }, [stepKey]);

  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // While an input method is composing, Escape belongs to it.
      if (event.key === 'Escape' && !event.isComposing) store.cancel();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [store]);

  return (
    <main ref={main} data-state={step.key.split(' ', 1)[0]}>
      <div class="brand">
        <BrandMark />
        Keystile
      </div>
      {view !== undefined && <RequestCard view={view} onShareAttestation={(shared) => store.shareAttestation(shared)} />}
      <div class={step.art === undefined ? 'step step-plain' : 'step'}>
        {step.art !== undefined && <Art key={step.art} name={step.art} />}
        <h1 id="title" tabIndex={-1}>
          {step.title}
        </h1>
        <p class="lead" role="status" aria-live="polite">
          {step.text}
        </p>
        {store.inputRefused.value && (
          <p class="panel panel-warning" role="alert">
            {t('inputRefused')}
          </p>
        )}
        {step.body}
      </div>
      <div class="actions">
        {view?.canUseBrowser === true && store.phase.value === PromptPhase.live && step.key !== 'succeeded' && (
          <button type="button" class="button-quiet" onClick={() => store.useBrowser()}>
            {t('useBrowser')}
          </button>
        )}
        <div class="actions-main">
          <button
            type="button"
            class={step.ended === true ? 'button-main' : 'button-plain'}
            onClick={() => store.cancel()}
          >
            {t(step.ended === true ? 'close' : 'cancel')}
          </button>
          {step.submit !== undefined && (
            <button type="submit" class="button-main" form={step.submit.form}>
              {step.submit.label}
            </button>
          )}
        </div>
      </div>
    </main>
  );
}
