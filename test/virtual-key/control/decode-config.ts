import { ATTESTATION_FORMATS, RESET_TRANSPORTS, speaks } from '../authenticator/newer-settings.ts';
import { LOCKED_INFO, type Refusal } from '../authenticator/odd-settings.ts';
import { ALGORITHMS, COMMAND_FORMS, defaultSettings, SAMPLE_STATUSES, EXTENSION_NAMES, type ExtensionName, type Protocol, PROTOCOLS, type Settings, TOKEN_LIVES, type Touch } from '../authenticator/settings.ts';
import { ControlFailure, type Fields, mandatory } from './fields.ts';

/** What a key is to be, as add_virtual_authenticator says it. */
export interface KeyConfig {
  readonly transport: 'usb' | 'nfc' | 'ble' | 'internal';
  readonly settings: Settings;
  /** The PIN that is already set. */
  readonly pin: string | undefined;
  /** Tries that are left for it. */
  readonly pinRetries: number | undefined;
  /** Names of the fingerprints that are enrolled. */
  readonly fingerprints: readonly string[] | undefined;
}

/** Changes to a key that exists. */
export interface KeyChanges {
  readonly settings: Partial<Settings>;
  /** A text sets the PIN, null removes it. */
  readonly pin: string | null | undefined;
  readonly pinRetries: number | undefined;
  readonly fingerprints: readonly string[] | undefined;
}

const TRANSPORTS = ['usb', 'nfc', 'ble', 'internal'] as const;
// WebDriver's names of extensions and what they are in CTAP.
const WEBDRIVER_EXTENSIONS: Readonly<Record<string, ExtensionName>> = {
  prf: 'hmac-secret',
  largeBlob: 'largeBlobKey',
  credBlob: 'credBlob',
  minPinLength: 'minPinLength',
};
// What browsers' own virtual authenticators do: scripts that are written for those count on it.
const WEBDRIVER_GENEROSITY: Pick<Settings, 'minPinLengthRpIds' | 'credBlobForAll'> = { minPinLengthRpIds: 'all', credBlobForAll: true };
const LONGEST_TIME = 3_600_000;

/**
 * Reads a WebDriver virtual authenticator configuration. With the member `keystile`, or when `hasUserVerification` is
 * left open, the key is a security key that can have a PIN; otherwise it is what WebDriver describes and has none.
 * Source: WebAuthn L3 §11.3 "Authenticator Configuration".
 */
export function decodeConfig(fields: Fields): KeyConfig {
  const protocol: Protocol = mandatory(fields.choice('protocol', PROTOCOLS), 'config.protocol');
  const transport = mandatory(fields.choice('transport', TRANSPORTS), 'config.transport');
  const own = fields.object('keystile');
  const hasUserVerification = fields.boolean('hasUserVerification');
  const isSecurityKey = own !== undefined || hasUserVerification === undefined;
  const extensions = fields.choices('extensions', Object.keys(WEBDRIVER_EXTENSIONS));
  const base: Settings = {
    ...defaultSettings(protocol),
    transports: [transport],
    clientPin: isSecurityKey,
    residentKeys: fields.boolean('hasResidentKey') ?? false,
    builtInUv: hasUserVerification ?? false,
    userVerified: fields.boolean('isUserVerified') ?? false,
    touch: { mode: (fields.boolean('isUserConsenting') ?? true) ? 'instant' : 'never' },
    backupEligible: fields.boolean('defaultBackupEligibility') ?? false,
    backupState: fields.boolean('defaultBackupState') ?? false,
    ...webdriverExtensions(protocol, isSecurityKey, extensions),
    ...(isSecurityKey ? {} : WEBDRIVER_GENEROSITY),
  };
  fields.finish();
  if (own === undefined) return { transport, settings: base, pin: undefined, pinRetries: undefined, fingerprints: undefined };
  const { settings, pin, ...rest } = decodeKnobs(own);
  own.finish();
  return { transport, settings: { ...base, ...settings }, pin: pin ?? undefined, ...rest };
}

function webdriverExtensions(
  protocol: Protocol,
  isSecurityKey: boolean,
  listed: readonly string[] | undefined,
): { readonly extensions?: readonly ExtensionName[] } {
  if (listed === undefined && isSecurityKey) return {};
  const names = (listed ?? []).flatMap((name) => WEBDRIVER_EXTENSIONS[name] ?? []);
  // Browsers' own evaluate prf at registration too.
  if (!isSecurityKey && names.includes('hmac-secret')) names.push('hmac-secret-mc');
  return { extensions: speaks(protocol, 1) ? ['credProtect', ...names] : names };
}

/** Reads the knobs of the member `keystile`, which are also those of keystile_configure. */
export function decodeKnobs(fields: Fields): KeyChanges {
  const changes: { -readonly [Name in keyof Settings]?: Settings[Name] | undefined } = {
    aaguid: decodeAaguid(fields),
    u2f: fields.boolean('u2f'),
    residentKeys: fields.boolean('residentKeys'),
    clientPin: fields.boolean('clientPin'),
    builtInUv: fields.boolean('builtInUv'),
    userVerified: fields.boolean('userVerified'),
    maxUvRetries: fields.integer('maxUvRetries', 1, 25),
    touch: decodeTouch(fields.object('touch')),
    presenceTimeout: fields.integer('presenceTimeout', 0, LONGEST_TIME),
    presenceTimeoutStatus: fields.integer('presenceTimeoutStatus', 1, 255),
    attestation: fields.choice('attestation', ['none', 'self', 'x5c'] as const),
    algorithms: fields.choices('algorithms', ALGORITHMS),
    extensions: fields.choices('extensions', EXTENSION_NAMES),
    pinUvAuthProtocols: fields.choices('pinUvAuthProtocols', [1, 2] as const),
    selection: fields.boolean('selection'),
    credentialManagement: fields.choice('credentialManagement', COMMAND_FORMS),
    persistentCredentialManagement: fields.boolean('persistentCredentialManagement'),
    bioEnrollment: fields.choice('bioEnrollment', COMMAND_FORMS),
    maxFingerprints: fields.integer('maxFingerprints', 0, 100),
    samplesPerFingerprint: fields.integer('samplesPerFingerprint', 1, 20),
    sampleStatuses: fields.choices('sampleStatuses', SAMPLE_STATUSES),
    maxFriendlyNameLength: fields.integer('maxFriendlyNameLength', 1, 64),
    uvBioEnroll: fields.boolean('uvBioEnroll'),
    uvConfig: fields.boolean('uvConfig'),
    config: fields.boolean('config'),
    enterpriseAttestation: fields.boolean('enterpriseAttestation'),
    tokenLife: fields.choice('tokenLife', TOKEN_LIVES),
    acceptedCredentialCount: fields.integer('acceptedCredentialCount', 1, 1000),
    alwaysUv: fields.boolean('alwaysUv'),
    makeCredUvNotRqd: fields.boolean('makeCredUvNotRqd'),
    noMcGaPermissionsWithClientPin: fields.boolean('noMcGaPermissionsWithClientPin'),
    forcePinChange: fields.boolean('forcePinChange'),
    minPinLength: fields.integer('minPinLength', 4, 63),
    minPinLengthRpIds: fields.texts('minPinLengthRpIds'),
    credBlobForAll: fields.boolean('credBlobForAll'),
    maxMsgSize: fields.integer('maxMsgSize', 64, 7609),
    maxCredentialCountInList: fields.integer('maxCredentialCountInList', 1, 1000),
    maxCredentialIdLength: fields.integer('maxCredentialIdLength', 1, 1023),
    credentialIdLength: fields.integer('credentialIdLength', 16, 1023),
    maxDiscoverableCredentials: fields.integer('maxDiscoverableCredentials', 0, 1000),
    omitSingleCredential: fields.boolean('omitSingleCredential'),
    resetWindow: fields.integer('resetWindow', 0, LONGEST_TIME),
    workTime: fields.integer('workTime', 0, LONGEST_TIME),
    nfcStatusUpdates: fields.boolean('nfcStatusUpdates'),
    nfcExtendedApdus: fields.boolean('nfcExtendedApdus'),
    nfcMaxAnswer: fields.integer('nfcMaxAnswer', 1, 256),
    nfcProtocol: fields.choice('nfcProtocol', ['t0', 't1'] as const),
    backupEligible: fields.boolean('backupEligible'),
    backupState: fields.boolean('backupState'),
    attestationFormats: fields.choices('attestationFormats', ATTESTATION_FORMATS),
    longTouchForReset: fields.boolean('longTouchForReset'),
    transportsForReset: fields.choices('transportsForReset', RESET_TRANSPORTS),
    pinComplexityPolicy: fields.boolean('pinComplexityPolicy'),
    pinComplexityPolicyUrl: fields.text('pinComplexityPolicyUrl'),
    maxPinLength: fields.integer('maxPinLength', 4, 63),
    refusals: fields.objects('refusals')?.map(decodeRefusal),
    unknownInfo: fields.boolean('unknownInfo'),
    cutNames: fields.integer('cutNames', 1, 64),
    omitUser: fields.boolean('omitUser'),
    omitNumberOfCredentials: fields.boolean('omitNumberOfCredentials'),
    ignoreCancel: fields.boolean('ignoreCancel'),
    lockedInfo: fields.choice('lockedInfo', LOCKED_INFO),
    resetFirst: fields.boolean('resetFirst'),
    appIdByU2fOnly: fields.boolean('appIdByU2fOnly'),
  };
  const pin = decodePin(fields);
  if (typeof pin === 'string') changes.clientPin ??= true;
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return { settings: given, pin, pinRetries: fields.integer('pinRetries', 0, 8), fingerprints: fields.texts('fingerprints') };
}

function decodeRefusal(fields: Fields): Refusal {
  const times = fields.integer('times', 1);
  const silent = fields.boolean('silent');
  const refusal: Refusal = {
    command: mandatory(fields.text('command'), 'refusals.command'),
    status: mandatory(fields.integer('status', 1, 255), 'refusals.status'),
    ...(times === undefined ? {} : { times }),
    ...(silent === undefined ? {} : { silent }),
  };
  fields.finish();
  return refusal;
}

function decodePin(fields: Fields): string | null | undefined {
  return fields.raw('pin') === null ? null : fields.text('pin');
}

function decodeAaguid(fields: Fields): Settings['aaguid'] | undefined {
  const aaguid = fields.bytes('aaguid');
  if (aaguid !== undefined && aaguid.length !== 16) throw new ControlFailure('invalid argument', 'aaguid must have 16 bytes.');
  return aaguid;
}

function decodeTouch(fields: Fields | undefined): Touch | undefined {
  if (fields === undefined) return undefined;
  const mode = mandatory(fields.choice('mode', ['instant', 'delay', 'never', 'manual'] as const), 'touch.mode');
  const ms = fields.integer('ms', 0, LONGEST_TIME);
  fields.finish();
  return mode === 'delay' ? { mode, ms: mandatory(ms, 'touch.ms') } : { mode };
}
