import { encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../../../shared/cbor/value.ts';
import { encryptIdentifier, encryptStoreState } from '../encrypted-state.ts';
import { MAX_CRED_BLOB_LENGTH } from '../extensions/cred-blob.ts';
import type { KeyState } from '../key-state.ts';
import { speaks } from '../newer-settings.ts';
import { hasSensor, isLegacy, offeredProtocols, type Settings, takesForm } from '../settings.ts';
import { isUvReady } from '../user-verification.ts';
import { configCommands } from './config/config.ts';
import { MAX_RP_IDS } from './config/set-min-pin-length.ts';
import { MAX_LARGE_BLOB_ARRAY } from './large-blobs.ts';

/** authenticatorGetInfo. A CTAP 2.0 key tells the first six members only, one with previews a few more. Source: CTAP 2.3 §6.4. */
export function getInfo(state: KeyState): CborMap {
  const { settings } = state;
  const info = new Map<CborValue, CborValue>([[1, versions(settings)]]);
  if (settings.extensions.length > 0) info.set(2, settings.extensions.toSorted());
  info.set(3, settings.aaguid);
  info.set(4, options(state));
  info.set(5, settings.maxMsgSize);
  const protocols = offeredProtocols(settings);
  if (protocols.length > 0) info.set(6, protocols);
  if (!isLegacy(settings) || hasPreviews(settings)) addLimits(info, settings);
  if (!isLegacy(settings)) addMembersOf21(info, state);
  if (speaks(settings.protocol, 2)) addMembersOf22(info, state);
  if (settings.unknownInfo) addUnknown(info);
  return info;
}

function addLimits(info: Map<CborValue, CborValue>, settings: Settings): void {
  if (settings.maxCredentialCountInList !== undefined) info.set(7, settings.maxCredentialCountInList);
  if (settings.maxCredentialIdLength !== undefined) info.set(8, settings.maxCredentialIdLength);
  info.set(9, settings.transports);
  info.set(
    10,
    settings.algorithms.map((alg) => new Map<CborValue, CborValue>([['alg', alg], ['type', 'public-key']])),
  );
}

function addMembersOf21(info: Map<CborValue, CborValue>, { settings, store }: KeyState): void {
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

function addMembersOf22(info: Map<CborValue, CborValue>, state: KeyState): void {
  const { settings } = state;
  const members: readonly (readonly [number, CborValue])[] = [
    [0x16, settings.attestationFormats],
    [0x17, hasSensor(settings) ? state.uvCount : undefined],
    [0x18, settings.longTouchForReset],
    [0x19, settings.persistentCredentialManagement ? encryptIdentifier(state) : undefined],
    [0x1a, settings.transportsForReset],
    [0x1b, settings.pinComplexityPolicy],
    [0x1c, settings.pinComplexityPolicyUrl === undefined ? undefined : encodeUtf8(settings.pinComplexityPolicyUrl)],
    [0x1d, settings.maxPinLength],
  ];
  for (const [key, value] of members) if (value !== undefined) info.set(key, value);
  if (!speaks(settings.protocol, 3)) return;
  if (settings.persistentCredentialManagement) info.set(0x1e, encryptStoreState(state));
  if (settings.config) info.set(0x1f, configCommands(settings));
}

/** What may come with later versions, and what vendors add. */
function addUnknown(info: Map<CborValue, CborValue>): void {
  const append = (key: number, ...entries: readonly CborValue[]): void => {
    const list = info.get(key);
    info.set(key, [...(isCborArray(list) ? list : []), ...entries]);
  };
  append(1, 'FIDO_3_0', 'VENDOR_9');
  append(2, 'unheardOf');
  const known = info.get(4);
  info.set(4, new Map<CborValue, CborValue>([...(isCborMap(known) ? known : []), ['unheardOf', true]]));
  append(10, new Map<CborValue, CborValue>([['alg', -65_000], ['type', 'public-key']]), new Map<CborValue, CborValue>([['alg', -7], ['type', 'unheard-of']]));
  info.set(19, new Map<CborValue, CborValue>([['FIDO', 1], ['UNHEARD-OF', 300]]));
  info.set(21, [2_783_008_008_553_857_119n, 4]);
  info.set(0x42, new Map<CborValue, CborValue>([['nested', [1, 2, new Uint8Array(3)]]]));
  info.set(0x1_0000, 'unheard of');
  info.set(-5, true);
}

function hasPreviews({ credentialManagement, bioEnrollment }: Settings): boolean {
  return takesForm(credentialManagement, 'preview') || takesForm(bioEnrollment, 'preview');
}

function versions(settings: Settings): readonly string[] {
  return [
    ...(settings.u2f ? ['U2F_V2'] : []),
    'FIDO_2_0',
    ...(hasPreviews(settings) ? ['FIDO_2_1_PRE'] : []),
    ...(isLegacy(settings) ? [] : ['FIDO_2_1']),
    ...(speaks(settings.protocol, 2) || settings.persistentCredentialManagement ? ['FIDO_2_2'] : []),
    ...(speaks(settings.protocol, 3) ? ['FIDO_2_3'] : []),
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
  if (settings.alwaysUv || settings.config) result.set('alwaysUv', settings.alwaysUv || isLocked(state));
  if (settings.noMcGaPermissionsWithClientPin) result.set('noMcGaPermissionsWithClientPin', true);
  if (settings.extensions.includes('largeBlobKey')) result.set('largeBlobs', true);
  return result;
}

function isLocked({ settings, pin, pinUvAuth }: KeyState): boolean {
  if (settings.lockedInfo === 'never' || !pin.isSet) return false;
  return settings.lockedInfo === 'always' || !pinUvAuth.hasIssued;
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
