import type { JSX, TargetedSubmitEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { type CeremonyState, PinReason } from '../../../../shared/wire/ceremony-state.ts';
import { useTranslation } from '../../components/translation.ts';
import type { Translate } from '../../i18n.ts';
import { PinField } from '../pin-field.tsx';
import { findPinProblem, type PinProblem, SHORTEST_PIN } from '../pin-rules.ts';
import { DeviceName } from './devices.tsx';
import type { StateView } from './state-view.ts';

type NeedsPin = Extract<CeremonyState, { state: 'needsPin' }>;

const FORM = 'pin-form';
/** From this many tries on, the prompt says what happens when they are used up. */
const FEW_RETRIES = 3;

function RetriesLeft({ count }: { readonly count: number | undefined }): JSX.Element {
  const t = useTranslation();
  const few = count !== undefined && count <= FEW_RETRIES;
  return (
    <div id="pin-retries" class={few ? 'panel panel-warning' : 'retries'}>
      {count !== undefined && <p class={few ? 'strong' : ''}>{t('pin_retries', count.toString())}</p>}
      {few && <p>{t(count === 1 ? 'pin_lastRetry' : 'pin_fewRetries')}</p>}
    </div>
  );
}

function PinForm({ state, onPin }: { readonly state: NeedsPin; readonly onPin: (pin: string) => void }): JSX.Element {
  const t = useTranslation();
  const field = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<PinProblem>();
  const wrong = problem === undefined && state.reason === PinReason.wrong;

  function submit(event: TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const input = field.current;
    if (input === null) return;
    const pin = input.value;
    const found = findPinProblem(pin, SHORTEST_PIN);
    setProblem(found);
    if (found !== undefined) {
      input.focus();
      return;
    }
    input.value = '';
    onPin(pin);
  }

  return (
    <form id={FORM} autocomplete="off" noValidate onSubmit={submit}>
      <p class="device-line">
        <DeviceName device={state.device} />
      </p>
      <RetriesLeft count={state.pinRetries} />
      <PinField
        id="pin"
        label={t('pin_label')}
        field={field}
        describedBy="pin-problem pin-retries"
        invalid={wrong || problem !== undefined}
        first
      />
      <p id="pin-problem" class="field-problem" role="alert">
        {problem === 'pin_tooShort'
          ? t(problem, SHORTEST_PIN.toString())
          : problem !== undefined
            ? t(problem)
            : wrong && t('pin_wrong')}
      </p>
    </form>
  );
}

/** Asks for the PIN of the key. */
export function enterPinView(state: NeedsPin, onPin: (pin: string) => void, t: Translate): StateView {
  return {
    // Each wrong PIN is a new step: the field is fresh and has the focus again.
    key: `needsPin ${state.reason} ${(state.pinRetries ?? '').toString()}`,
    title: t('pin_title'),
    ...(state.reason !== PinReason.wrong && {
      text: t(state.reason === PinReason.reinserted ? 'pin_reinserted' : 'pin_text'),
    }),
    body: <PinForm key="pin" state={state} onPin={onPin} />,
    submit: { form: FORM, label: t('continue') },
  };
}
