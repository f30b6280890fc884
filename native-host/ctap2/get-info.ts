import { type Bytes, copyBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { type CborMap, isCborArray, isCborMap } from '../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { sendCommand } from './command.ts';
import { type CommandError, malformedResponse } from './errors.ts';
import {
  booleanMember,
  bytesMember,
  countMember,
  countsMember,
  integersMember,
  mapMember,
  textMember,
  textsMember,
} from './members.ts';

const OPTION_NAMES = [
  'plat',
  'rk',
  'clientPin',
  'up',
  'uv',
  'pinUvAuthToken',
  'noMcGaPermissionsWithClientPin',
  'largeBlobs',
  'ep',
  'bioEnroll',
  'userVerificationMgmtPreview',
  'uvBioEnroll',
  'authnrCfg',
  'uvAcfg',
  'credMgmt',
  'perCredMgmtRO',
  'credentialMgmtPreview',
  'setMinPINLength',
  'makeCredUvNotRqd',
  'alwaysUv',
] as const;

/**
 * Options of a key by their CTAP names. With most of them an absent member differs from false: `clientPin` false means
 * "can have a PIN, has none", absent means "knows no PIN".
 */
export type AuthenticatorOptions = Readonly<Partial<Record<(typeof OPTION_NAMES)[number], boolean>>>;

/** What a key tells about itself; members have the names of the specification. Absent: the key did not say. */
export interface AuthenticatorInfo {
  /** `U2F_V2`, `FIDO_2_0`, `FIDO_2_1_PRE`, `FIDO_2_1`, `FIDO_2_2`, ... */
  readonly versions: readonly string[];
  readonly extensions: readonly string[];
  /** 16 bytes. */
  readonly aaguid: Bytes;
  readonly options: AuthenticatorOptions;
  /** Bytes; 1024 where the key does not say. */
  readonly maxMsgSize: number;
  /** In the key's order of preference; empty when it did not say. */
  readonly pinUvAuthProtocols: readonly number[];
  readonly maxCredentialCountInList?: number;
  /** Bytes. */
  readonly maxCredentialIdLength?: number;
  readonly transports: readonly string[];
  /** COSE identifiers in the key's order of preference; absent when it did not say. */
  readonly algorithms?: readonly number[];
  /** Bytes. */
  readonly maxSerializedLargeBlobArray?: number;
  readonly forcePINChange: boolean;
  /** Unicode code points; 4 where the key does not say. */
  readonly minPINLength: number;
  readonly firmwareVersion?: number;
  /** Bytes. */
  readonly maxCredBlobLength?: number;
  readonly maxRPIDsForSetMinPINLength?: number;
  readonly preferredPlatformUvAttempts?: number;
  /** Bits of FIDO's registry "User Verification Methods". */
  readonly uvModality?: number;
  readonly certifications?: ReadonlyMap<string, number>;
  readonly remainingDiscoverableCredentials?: number;
  readonly vendorPrototypeConfigCommands?: readonly (number | bigint)[];
  readonly attestationFormats?: readonly string[];
  readonly uvCountSinceLastPinEntry?: number;
  readonly longTouchForReset: boolean;
  /** Encrypted identifier of this very key, for the holder of a persistent token. */
  readonly encIdentifier?: Bytes;
  readonly transportsForReset?: readonly string[];
  readonly pinComplexityPolicy?: boolean;
  readonly pinComplexityPolicyURL?: string;
  /** Unicode code points. */
  readonly maxPINLength?: number;
  readonly encCredStoreState?: Bytes;
  readonly authenticatorConfigCommands?: readonly number[];
}

const AAGUID_LENGTH = 16;
// CTAP 2.2 §6.4: the values that hold where a key is silent.
const DEFAULT_MAX_MESSAGE_SIZE = 1024;
const DEFAULT_MIN_PIN_LENGTH = 4;

/**
 * Asks a key what it is and can do. No touch. Unknown members are ignored, and members of a wrong type count as absent:
 * newer keys send much that is unknown here.
 *
 * Source: CTAP 2.2 §6.4 authenticatorGetInfo, with the members that CTAP 2.3 adds.
 *
 * @returns the information; `malformed` when there is neither a list of versions nor an AAGUID to speak of.
 */
export async function getInfo(device: Device, options: CallOptions): Promise<Result<AuthenticatorInfo, CommandError>> {
  const response = await sendCommand(device, 'getInfo', undefined, options);
  return response.ok ? decodeInfo(response.value) : response;
}

/** Decodes the response's map; see {@link getInfo}. */
export function decodeInfo(map: CborMap): Result<AuthenticatorInfo, CommandError> {
  const versions = textsMember(map, 0x01);
  if (versions === undefined || versions.length === 0) return broken('It names no version.');
  const aaguid = bytesMember(map, 0x03);
  if (aaguid?.length !== AAGUID_LENGTH) return broken('The AAGUID is missing or does not have 16 bytes.');
  return success({
    versions,
    extensions: textsMember(map, 0x02) ?? [],
    aaguid: copyBytes(aaguid),
    options: decodeOptions(mapMember(map, 0x04)),
    maxMsgSize: countMember(map, 0x05) ?? DEFAULT_MAX_MESSAGE_SIZE,
    pinUvAuthProtocols: countsMember(map, 0x06) ?? [],
    transports: textsMember(map, 0x09) ?? [],
    forcePINChange: booleanMember(map, 0x0c) ?? false,
    minPINLength: countMember(map, 0x0d) ?? DEFAULT_MIN_PIN_LENGTH,
    longTouchForReset: booleanMember(map, 0x18) ?? false,
    ...present({
      maxCredentialCountInList: countMember(map, 0x07),
      maxCredentialIdLength: countMember(map, 0x08),
      algorithms: decodeAlgorithms(map),
      maxSerializedLargeBlobArray: countMember(map, 0x0b),
      firmwareVersion: countMember(map, 0x0e),
      maxCredBlobLength: countMember(map, 0x0f),
      maxRPIDsForSetMinPINLength: countMember(map, 0x10),
      preferredPlatformUvAttempts: countMember(map, 0x11),
      uvModality: countMember(map, 0x12),
      certifications: decodeCertifications(mapMember(map, 0x13)),
      remainingDiscoverableCredentials: countMember(map, 0x14),
      vendorPrototypeConfigCommands: integersMember(map, 0x15),
      attestationFormats: textsMember(map, 0x16),
      uvCountSinceLastPinEntry: countMember(map, 0x17),
      encIdentifier: bytesMember(map, 0x19),
      transportsForReset: textsMember(map, 0x1a),
      pinComplexityPolicy: booleanMember(map, 0x1b),
      pinComplexityPolicyURL: textOrUtf8Member(map, 0x1c),
      maxPINLength: countMember(map, 0x1d),
      encCredStoreState: bytesMember(map, 0x1e),
      authenticatorConfigCommands: countsMember(map, 0x1f),
    }),
  });
}

function decodeOptions(map: CborMap | undefined): AuthenticatorOptions {
  if (map === undefined) return {};
  return Object.fromEntries(
    OPTION_NAMES.map((name) => [name, booleanMember(map, name)] as const).filter(([, value]) => value !== undefined),
  );
}

function decodeAlgorithms(map: CborMap): readonly number[] | undefined {
  const list = map.get(0x0a);
  if (!isCborArray(list)) return undefined;
  return list
    .map((entry) => (isCborMap(entry) && entry.get('type') === 'public-key' ? entry.get('alg') : undefined))
    .filter((algorithm) => typeof algorithm === 'number');
}

function decodeCertifications(map: CborMap | undefined): ReadonlyMap<string, number> | undefined {
  if (map === undefined) return undefined;
  return new Map(
    [...map].filter((entry): entry is [string, number] => typeof entry[0] === 'string' && typeof entry[1] === 'number'),
  );
}

/** The specification makes this address a byte string; a text reads the same. */
function textOrUtf8Member(map: CborMap, key: number): string | undefined {
  const bytes = bytesMember(map, key);
  return bytes === undefined ? textMember(map, key) : new TextDecoder().decode(bytes);
}

type Present<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

/** Leaves out the members without a value. */
function present<Members extends object>(members: Members): Present<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<Members>;
}

function broken(detail: string): Result<never, CommandError> {
  return failure(malformedResponse('getInfo', detail));
}
