import type { JSX, TargetedSubmitEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';

import type { CeremonyState } from '../../../../shared/wire/ceremony-state.ts';
import { useTranslation } from '../../components/translation.ts';
import type { Translate } from '../../i18n.ts';
import { PinField } from '../pin-field.tsx';
import { findPinProblem } from '../pin-rules.ts';
import { DeviceName } from './devices.tsx';
import type { StateView } from './state-view.ts';

type NeedsNewPin = Extract<CeremonyState, { state: 'needsNewPin' }>;

const FORM = 'new-pin-form';

interface NewPinFormProps {
  readonly state: NeedsNewPin;
  readonly onPin: (pin: string) => void;
}

function NewPinForm({ state, onPin }: NewPinFormProps): JSX.Element {
  const t = useTranslation();
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  const keyProblem = state.problem && t(`newPin_problem_${state.problem}`);
  const [problem, setProblem] = useState<{ readonly text: string; readonly repeat: boolean }>();

  function submit(event: TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (first.current === null || second.current === null) return;
    const pin = first.current.value;
    const found = findPinProblem(pin, state.minLength);
    if (found !== undefined) {
      const text = {
        pin_empty: () => t('pin_empty'),
        pin_tooShort: () => t('pin_tooShort', state.minLength.toString()),
        pin_tooLong: () => t('newPin_problem_tooLong'),
      }[found]();
      setProblem({ text, repeat: false });
      first.current.focus();
      return;
    }
    if (pin.normalize('NFC') !== second.current.value.normalize('NFC')) {
      setProblem({ text: t('newPin_mismatch'), repeat: true });
      second.current.value = '';
      second.current.focus();
      return;
    }
    setProblem(undefined);
    first.current.value = '';
    second.current.value = '';
    onPin(pin);
  }

  const shownProblem = problem?.text ?? keyProblem;
  return (
    <form id={FORM} autocomplete="off" noValidate onSubmit={submit}>
      <p class="device-line">
        <DeviceName device={state.device} />
      </p>
      <p id="new-pin-problem" class="field-problem" role="alert">
        {shownProblem}
      </p>
      <PinField
        id="new-pin"
        label={t('newPin_label')}
        field={first}
        describedBy="new-pin-rules new-pin-problem"
        invalid={shownProblem !== undefined && problem?.repeat !== true}
        first
      />
      <p id="new-pin-rules" class="hint">
        {t('newPin_rules', state.minLength.toString())}
      </p>
      <PinField
        id="repeated-pin"
        label={t('newPin_repeat')}
        field={second}
        describedBy="new-pin-problem"
        invalid={problem?.repeat === true}
      />
    </form>
  );
}

/** Sets the first PIN of a key: twice the same, within its rules. */
export function newPinView(state: NeedsNewPin, onPin: (pin: string) => void, t: Translate): StateView {
  return {
    key: `needsNewPin ${state.problem ?? ''}`,
    title: t('newPin_title'),
    text: t('newPin_text'),
    body: <NewPinForm key="new-pin" state={state} onPin={onPin} />,
    submit: { form: FORM, label: t('newPin_submit') },
  };
}
