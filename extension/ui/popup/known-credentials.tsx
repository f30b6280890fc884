import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import { useTranslation } from '../components/translation.ts';
import type { Imported, PopupStore } from '../store/popup-store.ts';
import type { KnownCredentialsView } from '../../../shared/wire/ui.ts';
import { CopyButton } from './copy-button.tsx';

/** Credentials that are known by their public data: seen being registered, or learned from signatures. Loaded when opened. */
export function KnownCredentials({ store }: { readonly store: PopupStore }): JSX.Element {
  const t = useTranslation();
  const known = store.credentials.value;
  return (
    <details class="panel known" onToggle={(event) => event.currentTarget.open && store.loadCredentials()}>
      <summary>
        <h2 class="inline">{t('known_title')}</h2>
      </summary>
      <p class="hint">{t('known_text')}</p>
      {known !== undefined && <CredentialList known={known} onForget={(rpId, id) => store.forgetCredential(rpId, id)} />}
      {known !== undefined && <ExportImport known={known} store={store} />}
    </details>
  );
}

/** The button goes with its entry: the keyboard goes on from the next one, or from the list's heading. */
function moveFocusOn(button: HTMLElement): void {
  const entry = button.closest('li');
  const neighbour = (entry?.nextElementSibling ?? entry?.previousElementSibling)?.querySelector('button');
  (neighbour ?? button.closest('details')?.querySelector('summary'))?.focus();
}

interface CredentialListProps {
  readonly known: KnownCredentialsView;
  readonly onForget: (rpId: string, credentialId: string) => void;
}

function CredentialList({ known, onForget }: CredentialListProps): JSX.Element {
  const t = useTranslation();
  const entries = [
    ...known.registered.map((entry) => ({ ...entry, source: 'known_registered' as const })),
    ...known.learned.map((entry) => ({ ...entry, source: 'known_learned' as const })),
  ];
  if (entries.length === 0) return <p>{t('known_empty')}</p>;
  return (
    <ul>
      {entries.map(({ rpId, credentialId, source }) => (
        <li key={`${rpId} ${credentialId}`}>
          <span>
            <bdi dir="ltr">{rpId}</bdi> <code>{credentialId.slice(0, 8)}</code> <span class="hint">{t(source)}</span>
          </span>
          <button
            type="button"
            class="button-plain"
            aria-label={t('known_forgetOf', `${rpId} ${credentialId.slice(0, 8)}`)}
            onClick={(event) => {
              moveFocusOn(event.currentTarget);
              onForget(rpId, credentialId);
            }}
          >
            {t('known_forget')}
          </button>
        </li>
      ))}
    </ul>
  );
}

function ImportResult({ added, given, isUnsaved }: Imported): JSX.Element {
  const t = useTranslation();
  return (
    <>
      {t('known_imported', added.toString())}
      {added < given && (
        <>
          <br />
          {t(isUnsaved ? 'known_unsaved' : 'known_notTaken', (given - added).toString())}
        </>
      )}
    </>
  );
}

function ExportImport({ known, store }: { readonly known: KnownCredentialsView; readonly store: PopupStore }): JSX.Element {
  const t = useTranslation();
  const field = useRef<HTMLTextAreaElement>(null);
  const imported = store.imported.value;

  return (
    <>
      <CopyButton label={t('known_export')} text={() => JSON.stringify(known, undefined, 2)} />
      <div class="field">
        <label for="known-import">{t('known_importLabel')}</label>
        <textarea id="known-import" ref={field} rows={3} spellcheck={false} />
      </div>
      <button type="button" class="button-plain" onClick={() => store.importCredentials(field.current?.value ?? '')}>
        {t('known_import')}
      </button>
      <p role="status" aria-live="polite">
        {imported === 'failed' ? t('known_importFailed') : imported !== undefined && <ImportResult {...imported} />}
      </p>
    </>
  );
}
