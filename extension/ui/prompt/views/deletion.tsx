import type { JSX, TargetedSubmitEvent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import type { PromptView } from '../../../../shared/wire/ui.ts';
import { useTranslation } from '../../components/translation.ts';
import { PinField } from '../pin-field.tsx';

type Deletion = NonNullable<PromptView['deletion']>;

/** Where the person can put things right and go on. */
const CAN_TRY: readonly Deletion['state'][] = ['offered', 'noKey', 'severalKeys', 'notFound', 'pinAuthBlocked', 'pinNotSet', 'failed'];

interface DeletionPanelProps {
  readonly deletion: Deletion;
  readonly onDelete: (pin?: string) => void;
}

/** Offers to remove the credential of a refused registration from its key, and tells what came of it. */
export function DeletionPanel({ deletion, onDelete }: DeletionPanelProps): JSX.Element {
  const t = useTranslation();
  const { state } = deletion;
  const panel = useRef<HTMLElement>(null);
  const shown = useRef(state);
  useLayoutEffect(() => {
    if (shown.current === state) return;
    shown.current = state;
    // Field and button go while the key is asked: the keyboard, where it was on them, goes on with what comes instead.
    const { activeElement, body } = document;
    if (activeElement !== body && panel.current?.contains(activeElement) !== true) return;
    const control = panel.current?.querySelector<HTMLElement>('input, .button-main');
    (control ?? panel.current?.querySelector('h2'))?.focus();
  }, [state]);
  return (
    <section class="panel" aria-labelledby="deletion-title" ref={panel}>
      <h2 id="deletion-title" tabIndex={-1}>
        {t('deletion_title')}
      </h2>
      <p role="status" aria-live="polite">
        {t(`deletion_${state}`)}
      </p>
      {state === 'needsPin' && <DeletionPin deletion={deletion} onDelete={onDelete} />}
      {CAN_TRY.includes(state) && (
        <button type="button" class="button-main" onClick={() => onDelete()}>
          {t('deletion_submit')}
        </button>
      )}
    </section>
  );
}

function DeletionPin({ deletion, onDelete }: DeletionPanelProps): JSX.Element {
  const t = useTranslation();
  const field = useRef<HTMLInputElement>(null);
  const isWrong = deletion.isPinWrong === true;

  function submit(event: TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const input = field.current;
    if (input === null || input.value === '') return;
    const pin = input.value;
    input.value = '';
    onDelete(pin);
  }

  return (
    <form autocomplete="off" noValidate onSubmit={submit}>
      <PinField id="deletion-pin" label={t('pin_label')} field={field} describedBy="deletion-problem" invalid={isWrong} first />
      <p id="deletion-problem" class="field-problem" role="alert">
        {isWrong && t('pin_wrong')}
        {deletion.pinRetries !== undefined && ` ${t('pin_retries', deletion.pinRetries.toString())}`}
      </p>
      <button type="submit" class="button-main">
        {t('deletion_submit')}
      </button>
    </form>
  );
}
