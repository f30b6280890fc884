import type { JSX } from 'preact';

import type { CeremonyState, DeviceSummary } from '../../../../shared/wire/ceremony-state.ts';
import { useTranslation } from '../../components/translation.ts';
import type { Translate } from '../../i18n.ts';
import type { StateView } from './state-view.ts';

/** Names a key and how it is connected. */
export function DeviceName({ device }: { readonly device: DeviceSummary }): JSX.Element {
  const t = useTranslation();
  return (
    <span class="device">
      <bdi>{device.productName === '' ? t('device_unnamed') : device.productName}</bdi>{' '}
      <span class="chip">{t(`transport_${device.transport}`)}</span>
    </span>
  );
}

interface UseCardProps {
  readonly device: DeviceSummary;
  readonly onUseCard: (readerName: string) => void;
}

/**
 * Says that the card which lay on the reader before is meant. Never focused by itself: who types while the window opens
 * must not press it.
 */
function UseCard({ device, onUseCard }: UseCardProps): JSX.Element {
  const t = useTranslation();
  return (
    <button type="button" class="button-plain" onClick={() => onUseCard(device.productName)}>
      {t('useCard')}
    </button>
  );
}

/** Several keys: the one that is touched is meant; a card that lay there before has a button. */
export function selectingDeviceView(
  { devices }: Extract<CeremonyState, { state: 'selectingDevice' }>,
  onUseCard: (readerName: string) => void,
  t: Translate,
): StateView {
  return {
    key: 'selectingDevice',
    art: 'touch',
    title: t('selectDevice_title'),
    text: t('selectDevice_text'),
    body: (
      <ul class="panel devices" aria-label={t('connectedKeys')}>
        {devices.map((device, index) => (
          <li key={index}>
            <DeviceName device={device} />
            {device.waitsForConsent === true && <UseCard device={device} onUseCard={onUseCard} />}
          </li>
        ))}
      </ul>
    ),
  };
}

/** Touch now; on a reader, stay. */
export function presenceView({ device }: Extract<CeremonyState, { state: 'needsPresence' }>, t: Translate): StateView {
  const nfc = device.transport === 'nfc';
  return {
    key: 'needsPresence',
    art: nfc ? 'tap' : 'touch',
    title: t(nfc ? 'touchNfc_title' : 'touch_title'),
    text: t(nfc ? 'touchNfc_text' : 'touch_text'),
    body: <DeviceLine device={device} />,
  };
}

/** Finger or another check on the key itself. */
export function userVerificationView(
  { device, uvRetries }: Extract<CeremonyState, { state: 'needsUv' }>,
  t: Translate,
): StateView {
  return {
    key: 'needsUv',
    art: 'fingerprint',
    title: t('uv_title'),
    text: t('uv_text'),
    body: (
      <>
        <DeviceLine device={device} />
        <Retries count={uvRetries} />
      </>
    ),
  };
}

/** Out and in again: after three wrong PINs, or to show that the owner is there, for which a click does as well. */
export function reinsertView(
  { device, reason, pinRetries }: Extract<CeremonyState, { state: 'needsReinsert' }>,
  onUseCard: (readerName: string) => void,
  t: Translate,
): StateView {
  const nfc = device.transport === 'nfc';
  return {
    key: 'needsReinsert',
    art: nfc ? 'tap' : 'insert',
    title: t(reason === 'presentBefore' ? 'presentBefore_title' : nfc ? 'reinsertNfc_title' : 'reinsert_title'),
    text: t(reason === 'locked' ? 'reinsert_text' : 'presentBefore_text'),
    body: (
      <>
        <DeviceLine device={device} />
        {device.waitsForConsent === true && <UseCard device={device} onUseCard={onUseCard} />}
        <Retries count={pinRetries} />
      </>
    ),
  };
}

/** The key at work. */
export function processingView(t: Translate): StateView {
  return { key: 'processing', art: 'busy', title: t('processing_title'), text: t('processing_text') };
}

function DeviceLine({ device }: { readonly device: DeviceSummary }): JSX.Element {
  return (
    <p class="device-line">
      <DeviceName device={device} />
    </p>
  );
}

function Retries({ count }: { readonly count: number | undefined }): JSX.Element | null {
  const t = useTranslation();
  if (count === undefined) return null;
  return <p class="retries">{t('pin_retries', count.toString())}</p>;
}
