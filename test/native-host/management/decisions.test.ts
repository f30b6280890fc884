import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bioEnrollmentCommand } from '../../../native-host/ctap2/bio-enrollment/bio-enrollment.ts';
import { beginEnrolment, captureSample } from '../../../native-host/ctap2/bio-enrollment/enrol.ts';
import { enumerateFingerprints } from '../../../native-host/ctap2/bio-enrollment/enumerate.ts';
import { credentialManagementCommand } from '../../../native-host/ctap2/credential-management/credential-management.ts';
import { enumerateCredentials } from '../../../native-host/ctap2/credential-management/enumerate-credentials.ts';
import { enumerateRelyingParties } from '../../../native-host/ctap2/credential-management/enumerate-rps.ts';
import { ctapError } from '../../../native-host/ctap2/errors.ts';
import type { AuthenticatorOptions } from '../../../native-host/ctap2/get-info.ts';
import { PinUvAuthToken } from '../../../native-host/ctap2/pin-uv-auth/token.ts';
import { explainCommandError } from '../../../native-host/management/errors.ts';
import { findById } from '../../../native-host/management/find-by-id.ts';
import { chooseKey, type FoundKeys } from '../../../native-host/management/key-finder.ts';
import { chooseVerification } from '../../../native-host/management/verification-method.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { okResponse, scriptedDevice } from '../support/scripted-device.ts';
import { callOptions } from '../support/udp-keys.ts';
import { must, reasonOf } from './fixture.ts';

const CM = 0x04;
const BE = 0x08;
const ACFG = 0x20;

function map(entries: readonly (readonly [number | string, CborValue])[]): CborValue {
  return new Map<CborValue, CborValue>(entries);
}

describe('which command', () => {
  test.each<[AuthenticatorOptions, string | undefined]>([
    [{}, undefined],
    [{ credMgmt: false }, undefined],
    [{ credentialMgmtPreview: true }, 'credentialManagementPreview'],
    [{ credMgmt: true, credentialMgmtPreview: true }, 'credentialManagement'],
  ])('credentials: %o', (options, expected) => {
    expect(credentialManagementCommand({ options })).toBe(expected);
  });

  test.each<[AuthenticatorOptions, string | undefined]>([
    [{}, undefined],
    [{ bioEnroll: false }, 'bioEnrollment'],
    [{ userVerificationMgmtPreview: false }, 'bioEnrollmentPreview'],
    [{ bioEnroll: true, userVerificationMgmtPreview: true }, 'bioEnrollment'],
  ])('fingerprints: %o', (options, expected) => {
    expect(bioEnrollmentCommand({ options })).toBe(expected);
  });
});

describe('how the user is verified', () => {
  const both = { clientPin: true, uv: true, pinUvAuthToken: true } as const;
  test.each<[string, AuthenticatorOptions, number, boolean, boolean, unknown]>([
    ['PIN only', { clientPin: true }, CM, false, false, 'pin'],
    ['both: the finger first', both, CM, false, false, 'uvThenPin'],
    ['both, a PIN at hand', both, CM, true, false, 'pin'],
    ['a sensor without fingerprints', { ...both, uv: false }, CM, false, false, 'pin'],
    ['a sensor that gives no token', { clientPin: true, uv: true }, CM, false, false, 'pin'],
    ['fingerprints without the option', both, BE, false, false, 'pin'],
    ['fingerprints with the option', { ...both, uvBioEnroll: true }, BE, false, false, 'uvThenPin'],
    ['configuration with the option', { ...both, uvAcfg: true }, ACFG, false, false, 'uvThenPin'],
    ['no PIN, but a sensor', { clientPin: false, uv: true, pinUvAuthToken: true }, CM, true, false, 'uv'],
    ['a PIN that must be changed, and a sensor', both, CM, true, true, 'uv'],
    ['a PIN that must be changed', { clientPin: true }, CM, false, true, 'pinChangeRequired'],
    ['no PIN yet', { clientPin: false }, CM, false, false, 'pinNotSet'],
    ['nothing', {}, CM, false, false, 'notSupported'],
  ])('%s', (_name, options, permission, prefersPin, forcePINChange, expected) => {
    const chosen = chooseVerification({ options, forcePINChange }, permission, prefersPin);
    expect(chosen.ok ? chosen.value : chosen.error).toBe(expected);
  });
});

test('every status byte and transport problem has a sentence', () => {
  for (let status = 1; status < 256; status += 1) {
    const { message } = explainCommandError(ctapError('config', status));
    expect(message).toMatch(/^[A-Z].*[.a-z]$/);
  }
  const problems = ['accessDenied', 'busy', 'disconnected', 'cancelled', 'timeout', 'protocol', 'unavailable'] as const;
  for (const problem of problems) {
    const { message } = explainCommandError({ kind: 'transport', problem, transport: 'usb', detail: '' });
    expect(message).toMatch(/\.$/);
  }
});

test('an id is found by as many digits as tell it from the others, and only then', () => {
  const ids = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8, selector: encodeHex });
  fc.assert(
    fc.property(ids, fc.nat(), fc.nat(), (list, index, length) => {
      const entries = list.map((id) => ({ id: new Uint8Array(id) }));
      const wanted = encodeHex(list[index % list.length] ?? new Uint8Array());
      const prefix = wanted.slice(0, 1 + (length % wanted.length));
      const rivals = entries.filter(({ id }) => encodeHex(id).startsWith(prefix));
      const found = findById(entries, prefix, 'credential');
      if (rivals.length === 1 || prefix === wanted) expect(encodeHex(must(found).id)).toBe(rivals.length === 1 ? encodeHex(rivals[0]?.id ?? new Uint8Array()) : wanted);
      else expect(reasonOf(found)).toBe('ambiguous');
    }),
  );
});

describe('which key', () => {
  const usb = { id: 'usb:1', transport: 'usb', productName: 'A' } as const;
  const nfc = { id: 'nfc:1', transport: 'nfc', productName: 'B' } as const;
  const refused = { descriptor: usb, error: { kind: 'transport', problem: 'accessDenied', transport: 'usb', detail: 'no rule' } } as const;
  const found = (more: Partial<FoundKeys>): FoundKeys => ({ keys: [], denied: [], problems: [], ...more });

  test('the only one, or the one that is named', () => {
    expect(must(chooseKey(found({ keys: [usb] }), undefined))).toBe(usb);
    expect(must(chooseKey(found({ keys: [usb, nfc] }), 'nfc:1'))).toBe(nfc);
    expect(must(chooseKey(found({ keys: [nfc], denied: [refused] }), undefined))).toBe(nfc);
  });

  test.each<[string, FoundKeys, string | undefined, string]>([
    ['none', found({}), undefined, 'noKey'],
    ['another one', found({ keys: [usb] }), 'nfc:1', 'noKey'],
    ['several', found({ keys: [usb, nfc] }), undefined, 'severalKeys'],
    ['one that may not be used', found({ denied: [refused] }), undefined, 'accessDenied'],
    ['the named one may not be used', found({ keys: [nfc], denied: [refused] }), 'usb:1', 'accessDenied'],
  ])('%s', (_name, keys, id, reason) => {
    expect(reasonOf(chooseKey(keys, id))).toBe(reason);
  });
});

describe('answers that cannot be used', () => {
  const token = (): PinUvAuthToken => new PinUvAuthToken(2, new Uint8Array(32));
  const hash = new Uint8Array(32);
  const party = map([[3, map([['id', 'a']])], [4, hash], [5, 1]]);

  test.each<[string, readonly CborValue[]]>([
    ['no total', [map([[3, map([['id', 'a']])], [4, hash]])]],
    ['a total beyond belief', [map([[4, hash], [5, 1_000_000]])]],
    ['a short hash', [map([[4, hash.slice(1)], [5, 1]])]],
    ['an empty one in the middle', [map([[4, hash], [5, 2]]), map([])]],
  ])('Relying Parties: %s', async (_name, answers) => {
    const device = scriptedDevice(...answers.map(okResponse));
    expect(await enumerateRelyingParties(device, 'credentialManagement', token(), callOptions())).toMatchObject({ ok: false, error: { kind: 'malformed' } });
  });

  test('Relying Parties: none at all, said in three ways', async () => {
    for (const answer of [Uint8Array.of(0x2e), Uint8Array.of(0), okResponse(map([[5, 0]]))]) {
      expect(await enumerateRelyingParties(scriptedDevice(answer), 'credentialManagement', token(), callOptions())).toEqual({ ok: true, value: [] });
    }
    expect(await enumerateRelyingParties(scriptedDevice(okResponse(party)), 'credentialManagement', token(), callOptions())).toMatchObject({ ok: true, value: [{ rpId: 'a' }] });
  });

  test('credentials: without an account, without an id', async () => {
    const bare = map([[7, map([['id', Uint8Array.of(1)], ['type', 'public-key']])], [9, 1]]);
    const device = scriptedDevice(okResponse(bare), okResponse(map([[7, map([])], [9, 1]])));
    expect(await enumerateCredentials(device, 'credentialManagement', hash, token(), callOptions())).toEqual({
      ok: true,
      value: [{ id: Uint8Array.of(1) }],
    });
    expect(await enumerateCredentials(device, 'credentialManagement', hash, token(), callOptions())).toMatchObject({ error: { kind: 'malformed' } });
  });

  test('fingerprints: none, no list, no id; samples of unknown status', async () => {
    const device = scriptedDevice(
      Uint8Array.of(0x2c),
      okResponse(map([[7, 1]])),
      okResponse(map([[7, [map([[2, 'x']])]]])),
      okResponse(map([[5, 0], [6, 1]])),
      okResponse(map([[5, 99], [6, 1]])),
    );
    expect(await enumerateFingerprints(device, 'bioEnrollment', token(), callOptions())).toEqual({ ok: true, value: [] });
    expect(await enumerateFingerprints(device, 'bioEnrollment', token(), callOptions())).toMatchObject({ error: { kind: 'malformed' } });
    expect(await enumerateFingerprints(device, 'bioEnrollment', token(), callOptions())).toMatchObject({ error: { kind: 'malformed' } });
    expect(await beginEnrolment(device, 'bioEnrollment', 1000, token(), callOptions())).toMatchObject({ error: { kind: 'malformed' } });
    expect(await captureSample(device, 'bioEnrollment', Uint8Array.of(1), 1000, token(), callOptions())).toEqual({ ok: true, value: { status: 'unknown', remaining: 1 } });
  });
});
