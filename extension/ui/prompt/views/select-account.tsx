import type { JSX, TargetedSubmitEvent } from 'preact';

import type { CeremonyState } from '../../../../shared/wire/ceremony-state.ts';
import { useTranslation } from '../../components/translation.ts';
import type { Translate } from '../../i18n.ts';
import type { StateView } from './state-view.ts';

type SelectingCredential = Extract<CeremonyState, { state: 'selectingCredential' }>;

const FORM = 'account-form';

interface AccountFormProps {
  readonly entries: SelectingCredential['entries'];
  readonly onSelect: (index: number) => void;
}

function AccountForm({ entries, onSelect }: AccountFormProps): JSX.Element {
  const t = useTranslation();
  function submit(event: TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const choice = new FormData(event.currentTarget).get('account');
    if (typeof choice === 'string') onSelect(Number(choice));
  }
  return (
    <form id={FORM} onSubmit={submit}>
      <div class="panel accounts" role="radiogroup" aria-labelledby="title">
        {entries.map(({ index, name, displayName }, position) => {
          const title = displayName || name || t('account_unnamed', (position + 1).toString());
          return (
            <label key={index} class="account">
              <input
                type="radio"
                name="account"
                value={index}
                defaultChecked={position === 0}
                data-first={position === 0}
              />
              <span>
                <bdi class="account-title">{title}</bdi>
                {name !== '' && name !== title && <bdi class="account-name">{name}</bdi>}
              </span>
            </label>
          );
        })}
      </div>
    </form>
  );
}

/** One key, several accounts. */
export function selectAccountView(
  { entries }: SelectingCredential,
  onSelect: (index: number) => void,
  t: Translate,
): StateView {
  return {
    key: 'selectingCredential',
    title: t('account_title'),
    text: t('account_text'),
    body: <AccountForm key="accounts" entries={entries} onSelect={onSelect} />,
    submit: { form: FORM, label: t('account_submit') },
  };
}
