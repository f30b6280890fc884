import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import { MAX_CRED_BLOB_LENGTH } from '../extensions/cred-blob.ts';
import type { KeyState } from '../key-state.ts';
import { hasSensor, isLegacy, offeredProtocols, type Settings, takesForm } from '../settings.ts';
import { isUvReady } from '../user-verification.ts';
import { MAX_RP_IDS } from './config/set-min-pin-length.ts';
import { MAX_LARGE_BLOB_ARRAY } from './large-blobs.ts';

/** authenticatorGetInfo. A CTAP 2.0 key tells the first six members only. Source: CTAP 2.1 §6.4. */
export function getInfo(state: KeyState): CborMap {
  const { settings } = state;
  const info = new Map<CborValue, CborValue>([[1, versions(settings)]]);
  if (settings.extensions.length > 0) info.set(2, settings.extensions.toSorted());
  info.set(3, settings.aaguid);
  info.set(4, options(state));
  info.set(5, settings.maxMsgSize);
  const protocols = offeredProtocols(settings);
  if (protocols.length > 0) info.set(6, protocols);
  if (!isLegacy(settings)) addMembersOf21(info, state);
  return info;
}

function addMembersOf21(info: Map<CborValue, CborValue>, { settings, store }: KeyState): void {
  if (settings.maxCredentialCountInList !== undefined) info.set(7, settings.maxCredentialCountInList);
  if (settings.maxCredentialIdLength !== undefined) info.set(8, settings.maxCredentialIdLength);
  info.set(9, settings.transports);
  info.set(
    10,
    settings.algorithms.map((alg) => new Map<CborValue, CborValue>([['alg', alg], ['type', 'public-key']])),
  );
  if (settings.extensions.includes('largeBlobKey')) info.set(11, MAX_LARGE_BLOB_ARRAY);
  if (settings.clientPin) {
    info.set(12, settings.forcePinChange);
    info.set(13, settings.minPinLength);
  }
  info.set(14, 1);
  if (settings.extensions.includes('credBlob')) info.set(15, MAX_CRED_BLOB_LENGTH);
  if (settings.config && settings.extensions.includes('minPinLength')) info.set(16, MAX_RP_IDS);
  // uvModality: fingerprint internal.
  if (hasSensor(settings)) info.set(18, 0x02);
  if (settings.residentKeys) info.set(20, Math.max(settings.maxDiscoverableCredentials - store.discoverableCount, 0));
}

function versions(settings: Settings): readonly string[] {
  const previews = takesForm(settings.credentialManagement, 'preview') || takesForm(settings.bioEnrollment, 'preview');
  return [
    ...(settings.u2f ? ['U2F_V2'] : []),
    'FIDO_2_0',
    ...(previews ? ['FIDO_2_1_PRE'] : []),
    ...(isLegacy(settings) ? [] : ['FIDO_2_1']),
    ...(settings.persistentCredentialManagement ? ['FIDO_2_2'] : []),
  ];
}

function options(state: KeyState): CborMap {
  const { settings, pin } = state;
  const result = new Map<CborValue, CborValue>([
    ['rk', settings.residentKeys],
    ['up', true],
    ['plat', false],
  ]);
  if (hasSensor(settings)) result.set('uv', isUvReady(state));
  if (settings.clientPin) result.set('clientPin', pin.isSet);
  addManagementOptions(result, state);
  if (isLegacy(settings)) return result;
  if (settings.clientPin || hasSensor(settings)) {
    result.set('pinUvAuthToken', true);
    result.set('makeCredUvNotRqd', settings.makeCredUvNotRqd && !settings.alwaysUv);
  }
  if (settings.alwaysUv || settings.config) result.set('alwaysUv', settings.alwaysUv);
  if (settings.noMcGaPermissionsWithClientPin) result.set('noMcGaPermissionsWithClientPin', true);
  if (settings.extensions.includes('largeBlobKey')) result.set('largeBlobs', true);
  return result;
}

function addManagementOptions(result: Map<CborValue, CborValue>, { settings, fingerprints }: KeyState): void {
  const isEnrolled = fingerprints.all.length > 0;
  if (takesForm(settings.credentialManagement, 'standard')) result.set('credMgmt', true);
  if (takesForm(settings.credentialManagement, 'preview')) result.set('credentialMgmtPreview', true);
  if (settings.persistentCredentialManagement) result.set('perCredMgmtRO', true);
  if (takesForm(settings.bioEnrollment, 'standard')) result.set('bioEnroll', isEnrolled);
  if (takesForm(settings.bioEnrollment, 'preview')) result.set('userVerificationMgmtPreview', isEnrolled);
  if (settings.uvBioEnroll) result.set('uvBioEnroll', true);
  if (settings.uvConfig) result.set('uvAcfg', true);
  if (settings.config) result.set('authnrCfg', true);
  if (settings.config && settings.clientPin) result.set('setMinPINLength', true);
  if (settings.enterpriseAttestation !== undefined) result.set('ep', settings.enterpriseAttestation);
}
