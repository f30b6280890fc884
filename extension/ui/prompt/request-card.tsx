import type { JSX } from 'preact';

import type { PromptView } from '../../../shared/wire/ui.ts';
import { useTranslation } from '../components/translation.ts';
import { isForeignRpId, splitOrigin } from './site.ts';

/** An origin in full, its registrable domain emphasised. Always left to right; isolated from the text around it. */
function Origin({ origin, site }: { readonly origin: string; readonly site: string | undefined }): JSX.Element {
  const { before, emphasis, after } = splitOrigin(origin, site);
  return (
    <bdi class="origin" dir="ltr">
      {before}
      <strong>{emphasis}</strong>
      {after}
    </bdi>
  );
}

/** What a site is called. Never without its origin, which alone tells who asks. */
function SiteName({ label, name }: { readonly label: string; readonly name: string }): JSX.Element {
  return (
    <div>
      <dt class="visually-hidden">{label}</dt>
      <dd>
        <bdi class="site-name">{name}</bdi>
      </dd>
    </div>
  );
}

interface RequestCardProps {
  readonly view: PromptView;
  readonly onShareAttestation: (shared: boolean) => void;
}

/** Who asks for what: all of it from the browser, but for the account's name. */
export function RequestCard({ view, onShareAttestation }: RequestCardProps): JSX.Element {
  const t = useTranslation();
  const { kind, origin, site, siteName, topOrigin, topSite, topSiteName, rpId, userName, attestation, ceremony } = view;
  return (
    <section class="request" aria-label={t('request')}>
      <dl>
        <div>
          <dt>{t(`purpose_${kind}`)}</dt>
          <dd class="site">
            <bdi dir="ltr">{splitOrigin(origin, site).emphasis}</bdi>
          </dd>
        </div>
        {siteName !== undefined && <SiteName label={t('siteName')} name={siteName} />}
        <div>
          <dt class={topOrigin === undefined ? 'visually-hidden' : ''}>{t(topOrigin === undefined ? 'origin' : 'frameOrigin')}</dt>
          <dd>
            <Origin origin={origin} site={site} />
          </dd>
        </div>
        {topOrigin !== undefined && (
          <div>
            <dt>{t('topOrigin')}</dt>
            <dd>
              <Origin origin={topOrigin} site={topSite} />
            </dd>
          </div>
        )}
        {topSiteName !== undefined && <SiteName label={t('topSiteName')} name={topSiteName} />}
        {isForeignRpId(origin, rpId) && (
          <div>
            <dt>{t('credentialOwner')}</dt>
            <dd>
              <bdi dir="ltr">{rpId}</bdi>
            </dd>
          </div>
        )}
        {userName !== undefined && userName !== '' && (
          <div>
            <dt>{t('accountFromSite')}</dt>
            <dd>
              <bdi class="account-name">{userName}</bdi>
            </dd>
          </div>
        )}
      </dl>
      {topOrigin !== undefined && <p class="notice">{t('frameNotice')}</p>}
      {attestation !== undefined && ceremony.state !== 'failed' && ceremony.state !== 'succeeded' && (
        <label class="attestation">
          <input
            type="checkbox"
            checked={attestation.shared}
            onChange={({ currentTarget }) => onShareAttestation(currentTarget.checked)}
          />
          <span>{t(`attestation_${attestation.conveyance}`)}</span>
        </label>
      )}
    </section>
  );
}
