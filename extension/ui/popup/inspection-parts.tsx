import type { ComponentChildren, JSX } from 'preact';

import { AuthenticatorFlag } from '../../../shared/webauthn/authenticator-flags.ts';
import type { CeremonyInspection, InspectedCheck } from '../../../shared/wire/inspector.ts';
import { checkText } from '../components/check-text.ts';
import { useTranslation } from '../components/translation.ts';

/** Every check with its id, its place in the specification (or the policy), and what became of it. */
export function CheckList({ checks }: { readonly checks: readonly InspectedCheck[] }): JSX.Element {
  const t = useTranslation();
  return (
    <ul class="checks">
      {checks.map(({ id, spec, state, detail }, index) => (
        // One id may come twice (a path and its parts), always in the same order.
        <li key={`${id} ${index.toString()}`} class={`check-${state}`}>
          <span class="check-state">{t(`checkState_${state}`)}</span>
          <span>
            {state === 'fail' && <span class="strong">{t(checkText(id))} </span>}
            <span lang="en" dir="ltr">
              <code>{id}</code> {detail} <span class="hint">{spec}</span>
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The bits of the flags byte by their names in the specification. */
const FLAGS = {
  UP: AuthenticatorFlag.userPresent,
  UV: AuthenticatorFlag.userVerified,
  BE: AuthenticatorFlag.backupEligible,
  BS: AuthenticatorFlag.backupState,
  AT: AuthenticatorFlag.attestedCredentialData,
  ED: AuthenticatorFlag.extensionData,
} as const;

const FLAG_NAMES = ['UP', 'UV', 'BE', 'BS', 'AT', 'ED'] as const satisfies readonly (keyof typeof FLAGS)[];

/** What the key said: its model, its attestation, the flags and the counter. */
export function AuthenticatorFacts({ inspection }: { readonly inspection: CeremonyInspection }): JSX.Element {
  const t = useTranslation();
  const { model, aaguid, attestation, authenticatorData } = inspection;
  return (
    <dl class="fact-list">
      <Fact name={t('inspect_model')}>{model ?? t('inspect_modelUnknown')}</Fact>
      {aaguid !== undefined && (
        <Fact name="AAGUID">
          <code>{aaguid}</code>
        </Fact>
      )}
      {attestation !== undefined && (
        <>
          <Fact name={t('inspect_attestation')}>
            <code>{attestation.fmt}</code> {t(`attestation_${attestation.type}`)}{' '}
            {attestation.type === 'certified' && t(attestation.isTrusted ? 'inspect_trusted' : 'inspect_untrusted')}
          </Fact>
          {attestation.certificates.length > 0 && (
            <Fact name={t('inspect_certificates')}>
              {attestation.certificates.map((subject) => (
                <bdi key={subject} class="certificate" dir="ltr">
                  {subject}
                </bdi>
              ))}
            </Fact>
          )}
        </>
      )}
      {authenticatorData !== undefined && (
        <>
          {FLAG_NAMES.map((name) => (
            <Fact key={name} name={`${name}: ${t(`flag_${name}`)}`}>
              {t((authenticatorData.flags & FLAGS[name]) === 0 ? 'flag_notSet' : 'flag_set')}
            </Fact>
          ))}
          <Fact name={t('inspect_signCount')}>{authenticatorData.signCount.toString()}</Fact>
        </>
      )}
    </dl>
  );
}

/** A name and its value within a `dl`. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
