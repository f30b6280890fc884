import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { AuthenticatorInfo } from '../../ctap2/get-info.ts';
import type { DeviceDescriptor } from '../../transport/device.ts';
import type { KeyReport } from '../describe-key.ts';
import { printable } from './printable.ts';

const ALGORITHM_NAMES: ReadonlyMap<number, string> = new Map([
  [-7, 'ES256'],
  [-8, 'EdDSA'],
  [-9, 'ESP256'],
  [-19, 'Ed25519'],
  [-35, 'ES384'],
  [-36, 'ES512'],
  [-37, 'PS256'],
  [-47, 'ES256K'],
  [-48, 'ML-DSA-44'],
  [-49, 'ML-DSA-65'],
  [-257, 'RS256'],
]);

/** CTAP 2.2 §6.5.1: no PIN is longer. */
const MAX_PIN_LENGTH = 63;

/** How a key is connected, in words. */
export const TRANSPORT_NAMES: Readonly<Record<DeviceDescriptor['transport'], string>> = {
  usb: 'USB',
  nfc: 'NFC or card reader',
  udp: 'development transport',
};

/** A key's properties as lines of name and value. */
export function formatReport(descriptor: DeviceDescriptor, report: KeyReport): string {
  const { info } = report;
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['Key', printable(descriptor.productName) || 'without a name'],
    ['ID', descriptor.id],
    ['Connected by', TRANSPORT_NAMES[descriptor.transport]],
    ['Versions', info.versions.map(printable).join(', ')],
    ['AAGUID', formatAaguid(info.aaguid)],
    ...(info.firmwareVersion === undefined ? [] : [['Firmware', info.firmwareVersion.toString()] as const]),
    ['PIN', describePin(report)],
    ['Fingerprints', describeFingerprints(report)],
    ['Credentials', describeCredentials(report)],
    ['Always verify user', describeSwitch(info.options.alwaysUv)],
    ['Enterprise attestation', describeSwitch(info.options.ep)],
    ['Reset', describeReset(info)],
    ['Extensions', info.extensions.map(printable).join(', ') || 'none'],
    ...(info.algorithms === undefined ? [] : [['Algorithms', info.algorithms.map(nameAlgorithm).join(', ')] as const]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

/** A report as JSON: getInfo's members with their names, bytes as base64url, the AAGUID as a UUID. */
export function reportToJson(descriptor: DeviceDescriptor, report: KeyReport): Readonly<Record<string, unknown>> {
  const { info, pin, uvRetries, canManageCredentials, canManageFingerprints } = report;
  return {
    ...descriptor,
    pin: pinState(info),
    ...pin,
    ...(uvRetries === undefined ? {} : { uvRetries }),
    canManageCredentials,
    canManageFingerprints,
    info: { ...Object.fromEntries(Object.entries(info).map(([name, value]) => [name, toJsonValue(value)])), aaguid: formatAaguid(info.aaguid) },
  };
}

/** Whether a key has a PIN. */
export function pinState({ options }: AuthenticatorInfo): 'unsupported' | 'notSet' | 'set' {
  if (options.clientPin === undefined) return 'unsupported';
  return options.clientPin ? 'set' : 'notSet';
}

/** An AAGUID of 16 bytes as a UUID. */
export function formatAaguid(aaguid: Uint8Array): string {
  return encodeHex(aaguid).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function describePin({ info, pin }: KeyReport): string {
  const longest = info.maxPINLength === undefined || info.maxPINLength >= MAX_PIN_LENGTH ? '' : `, at most ${info.maxPINLength.toString()}`;
  const simple = info.pinComplexityPolicy === true ? ', none that is too simple' : '';
  const minimum = `at least ${info.minPINLength.toString()} characters${longest}${simple}`;
  if (pin === undefined) return pinState(info) === 'unsupported' ? 'not offered' : `not set (${minimum})`;
  if (pin.pinRetries === 0) return 'blocked: only a reset helps';
  const parts = [
    `set (${minimum})`,
    `${pin.pinRetries.toString()} ${pin.pinRetries === 1 ? 'try' : 'tries'} left`,
    ...(pin.powerCycleRequired ? ['remove the key and insert it again before the next'] : []),
    ...(info.forcePINChange ? ['must be changed'] : []),
  ];
  return parts.join(', ');
}

function describeFingerprints({ info, uvRetries, canManageFingerprints }: KeyReport): string {
  const { uv } = info.options;
  if (uv === undefined) return canManageFingerprints ? 'none enrolled' : 'no sensor';
  const state = uv ? 'set up' : 'none enrolled';
  return uvRetries === undefined ? state : `${state}, ${uvRetries.toString()} ${uvRetries === 1 ? 'try' : 'tries'} left`;
}

function describeCredentials({ info, canManageCredentials }: KeyReport): string {
  const { remainingDiscoverableCredentials: places } = info;
  const listing = canManageCredentials ? 'can be listed' : 'cannot be listed';
  return places === undefined ? listing : `${listing}, room for ${places.toString()} more`;
}

function describeSwitch(option: boolean | undefined): string {
  if (option === undefined) return 'not offered';
  return option ? 'on' : 'off';
}

/** How, and over what, the key takes a reset. */
function describeReset({ longTouchForReset, transportsForReset }: AuthenticatorInfo): string {
  const touch = longTouchForReset ? 'with a long touch' : 'with a touch';
  return transportsForReset === undefined ? touch : `${touch}, only over: ${transportsForReset.map(printable).join(', ')}`;
}

function nameAlgorithm(algorithm: number): string {
  return ALGORITHM_NAMES.get(algorithm) ?? algorithm.toString();
}

function toJsonValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return encodeBase64url(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toJsonValue);
  return value;
}
