import type { JSX, RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

import { useTranslation } from '../components/translation.ts';

interface PinFieldProps {
  readonly id: string;
  readonly label: string;
  readonly field: RefObject<HTMLInputElement | null>;
  /** Ids of the elements that say more about the field. */
  readonly describedBy: string;
  readonly invalid: boolean;
  /** The step's first field: it gets the focus. */
  readonly first?: boolean;
}

/**
 * A field for a PIN. What is typed lives in the input element only, never in an attribute, a signal or a name that
 * a form could send; it is wiped when the field or the page goes away.
 */
export function PinField({ id, label, field, describedBy, invalid, first = false }: PinFieldProps): JSX.Element {
  const t = useTranslation();
  const [shown, setShown] = useState(false);

  useLayoutEffect(() => {
    const input = field.current;
    const wipe = (): void => {
      if (input !== null) input.value = '';
    };
    addEventListener('pagehide', wipe);
    return () => {
      removeEventListener('pagehide', wipe);
      wipe();
    };
  }, [field]);

  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field-box">
        <input
          id={id}
          ref={field}
          {...(shown ? ({ type: 'text' } as const) : ({ type: 'password' } as const))}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          data-first={first}
        />
        <button
          type="button"
          class="field-toggle"
          aria-label={t('pin_show')}
          title={t('pin_show')}
          aria-pressed={shown}
          aria-controls={id}
          onClick={() => setShown(!shown)}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M2 12c2-4 6-7 10-7s8 3 10 7c-2 4-6 7-10 7s-8-3-10-7Z" />
            <circle cx="12" cy="12" r="3" />
            {!shown && <path d="M4 20 20 4" />}
          </svg>
        </button>
      </div>
    </div>
  );
}
