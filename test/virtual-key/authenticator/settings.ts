import { type Bytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { defaultNewerSettings, type NewerSettings, speaks } from './newer-settings.ts';
import { NOTHING_ODD, type OddSettings } from './odd-settings.ts';

/** Generations of the protocol, in WebDriver's words and on from them. */
export const PROTOCOLS = ['ctap1/u2f', 'ctap2', 'ctap2_1', 'ctap2_2', 'ctap2_3'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** How the simulated user touches the key. `manual`: only when the test says so. */
export type Touch =
  | { readonly mode: 'instant' }
  | { readonly mode: 'delay'; readonly ms: number }
  | { readonly mode: 'never' }
  | { readonly mode: 'manual' };

/** How new credentials are attested: not at all, with the credential's own key, with a certificate of the test CA. */
export type Attestation = 'none' | 'self' | 'x5c';

/** Extensions that the key can offer, by their CTAP names. */
export const EXTENSION_NAMES = ['credProtect', 'hmac-secret', 'minPinLength', 'credBlob', 'largeBlobKey', 'hmac-secret-mc'] as const;
export type ExtensionName = (typeof EXTENSION_NAMES)[number];

/** How long a pinUvAuthToken can be used. */
export const TOKEN_LIVES = ['specified', 'oneTouch', 'oneUse'] as const;
export type TokenLife = (typeof TOKEN_LIVES)[number];

/** COSE algorithms that the key can use: ES256, EdDSA (Ed25519). */
export const ALGORITHMS = [-7, -8] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/**
 * How a key takes a command that came with CTAP 2.1: not at all, under the code of the preview (FIDO_2_1_PRE), under
 * the final one, or under both.
 */
export const COMMAND_FORMS = ['none', 'preview', 'standard', 'both'] as const;
export type CommandForm = (typeof COMMAND_FORMS)[number];

/** What a sample of a fingerprint can be worth; 0 is a good one. Source: CTAP 2.1 §6.7.4, lastEnrollSampleStatus. */
export const SAMPLE_STATUSES: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14];

/** How a key behaves as a card, over NFC or contacts. */
export interface CardSettings {
  /** Says that it still works when it is asked to (NFCCTAP_GETRESPONSE). */
  readonly nfcStatusUpdates: boolean;
  readonly nfcExtendedApdus: boolean;
  /** Bytes of a short answer at most, 1 to 256; the rest is announced with 61xx. */
  readonly nfcMaxAnswer: number;
  /** Transmission protocol; T=0 cards are contact cards. */
  readonly nfcProtocol: 't0' | 't1';
}

/** Everything about a key that a test can choose, apart from what it holds (credentials, PIN). Times are milliseconds. */
export interface Settings extends CardSettings, NewerSettings, OddSettings {
  readonly protocol: Protocol;
  /** For getInfo. */
  readonly transports: readonly string[];
  /** 16 bytes. */
  readonly aaguid: Bytes;
  /** U2F messages too (the version U2F_V2). */
  readonly u2f: boolean;
  /** Discoverable credentials can be stored (the option `rk`). */
  readonly residentKeys: boolean;
  /** The key can have a PIN. */
  readonly clientPin: boolean;
  /** A built-in way of verifying the user, already set up. */
  readonly builtInUv: boolean;
  /** Whether the built-in verification succeeds. */
  readonly userVerified: boolean;
  readonly maxUvRetries: number;
  readonly touch: Touch;
  /** How long the key waits for a touch. */
  readonly presenceTimeout: number;
  /** Status byte after that; by default what the specification says. */
  readonly presenceTimeoutStatus: number | undefined;
  readonly attestation: Attestation;
  readonly algorithms: readonly Algorithm[];
  readonly extensions: readonly ExtensionName[];
  /** In order of preference. A CTAP 2.0 key has protocol one only, whatever is set here. */
  readonly pinUvAuthProtocols: readonly (1 | 2)[];
  /** authenticatorSelection is understood. */
  readonly selection: boolean;
  readonly credentialManagement: CommandForm;
  /** Persistent tokens that may read the list of credentials (the option `perCredMgmtRO`). */
  readonly persistentCredentialManagement: boolean;
  /** A fingerprint reader: the built-in way of verifying the user, ready while a fingerprint is enrolled. */
  readonly bioEnrollment: CommandForm;
  readonly maxFingerprints: number;
  /** Good samples that an enrolment takes. */
  readonly samplesPerFingerprint: number;
  /** What the next samples are worth, in turn; good ones follow. */
  readonly sampleStatuses: readonly number[];
  /** Bytes. */
  readonly maxFriendlyNameLength: number;
  /** A token got by built-in verification may manage fingerprints, change the configuration. */
  readonly uvBioEnroll: boolean;
  readonly uvConfig: boolean;
  /** authenticatorConfig is understood. */
  readonly config: boolean;
  /** Undefined: the key has none; else whether it is enabled. */
  readonly enterpriseAttestation: boolean | undefined;
  /** When a token is void: as CTAP says; wholly at a touch, also for large blobs; after a single use, with or without a touch. */
  readonly tokenLife: TokenLife;
  /** List entries that the key really takes, whatever it tells. */
  readonly acceptedCredentialCount: number | undefined;
  readonly alwaysUv: boolean;
  readonly makeCredUvNotRqd: boolean;
  readonly noMcGaPermissionsWithClientPin: boolean;
  readonly forcePinChange: boolean;
  /** Unicode code points. */
  readonly minPinLength: number;
  /** RP IDs that may learn the minimum PIN length. */
  readonly minPinLengthRpIds: readonly string[] | 'all';
  /** Not only discoverable credentials can have a credBlob. */
  readonly credBlobForAll: boolean;
  readonly maxMsgSize: number;
  readonly maxCredentialCountInList: number | undefined;
  readonly maxCredentialIdLength: number | undefined;
  /** Length of the ids that the key makes. */
  readonly credentialIdLength: number;
  readonly maxDiscoverableCredentials: number;
  /** Leave the credential out of an assertion when one id was allowed (CTAP 2.0 permits it). */
  readonly omitSingleCredential: boolean;
  /** Time after power-up in which a reset is allowed; undefined: always. */
  readonly resetWindow: number | undefined;
  /** How long the key works at each CTAP2 command before it answers or asks for a touch. */
  readonly workTime: number;
  readonly backupEligible: boolean;
  readonly backupState: boolean;
}

/** The virtual key's own AAGUID: the text "keystile-virtual". */
export const DEFAULT_AAGUID: Bytes = encodeUtf8('keystile-virtual');

/** A good current key: PIN, discoverable credentials, no fingerprint reader, no tight limits. */
export function defaultSettings(protocol: Protocol): Settings {
  const isCtap21 = speaks(protocol, 1);
  return {
    ...defaultNewerSettings(protocol),
    ...NOTHING_ODD,
    protocol,
    transports: ['usb'],
    aaguid: DEFAULT_AAGUID,
    u2f: true,
    residentKeys: true,
    clientPin: true,
    builtInUv: false,
    userVerified: true,
    maxUvRetries: 3,
    touch: { mode: 'instant' },
    presenceTimeout: 30_000,
    presenceTimeoutStatus: undefined,
    attestation: 'self',
    algorithms: [-7],
    extensions: [...(isCtap21 ? (['credProtect'] as const) : []), 'hmac-secret', ...(speaks(protocol, 2) ? (['hmac-secret-mc'] as const) : [])],
    pinUvAuthProtocols: [2, 1],
    selection: true,
    credentialManagement: isCtap21 ? 'standard' : 'none',
    persistentCredentialManagement: speaks(protocol, 2),
    bioEnrollment: 'none',
    maxFingerprints: 5,
    samplesPerFingerprint: 3,
    sampleStatuses: [],
    maxFriendlyNameLength: 32,
    uvBioEnroll: false,
    uvConfig: false,
    config: isCtap21,
    enterpriseAttestation: undefined,
    tokenLife: 'specified',
    acceptedCredentialCount: undefined,
    alwaysUv: false,
    makeCredUvNotRqd: true,
    noMcGaPermissionsWithClientPin: false,
    forcePinChange: false,
    minPinLength: 4,
    minPinLengthRpIds: [],
    credBlobForAll: false,
    maxMsgSize: 1200,
    maxCredentialCountInList: 8,
    maxCredentialIdLength: 128,
    credentialIdLength: 32,
    maxDiscoverableCredentials: 25,
    omitSingleCredential: false,
    resetWindow: 10_000,
    workTime: 0,
    backupEligible: false,
    backupState: false,
    nfcStatusUpdates: true,
    nfcExtendedApdus: true,
    nfcMaxAnswer: 256,
    nfcProtocol: 't1',
  };
}

/** The key speaks CTAP 2.0 only: no permissions, no token lifetime. */
export function isLegacy(settings: Settings): boolean {
  return !speaks(settings.protocol, 1);
}

/** The PIN/UV protocols that the key really offers, in order of preference; none when it has neither PIN nor UV token. */
export function offeredProtocols(settings: Settings): readonly (1 | 2)[] {
  if (isLegacy(settings)) return settings.clientPin || settings.extensions.includes('hmac-secret') ? [1] : [];
  const needed = settings.clientPin || hasSensor(settings) || settings.extensions.includes('hmac-secret');
  return needed ? settings.pinUvAuthProtocols : [];
}

/** The key has a built-in way of verifying the user, set up or not. */
export function hasSensor(settings: Settings): boolean {
  return settings.builtInUv || settings.bioEnrollment !== 'none';
}

/** The key takes the command under that code. */
export function takesForm(form: CommandForm, wanted: 'preview' | 'standard'): boolean {
  return form === wanted || form === 'both';
}
