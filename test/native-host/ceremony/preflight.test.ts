import { expect, test } from 'vitest';

import { findListedCredential, type PreflightQuery } from '../../../native-host/ceremony/preflight.ts';
import type { PreflightFinding } from '../../../native-host/ceremony/machine-types.ts';
import { waitForTouch } from '../../../native-host/ceremony/touch.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { CborMap, CborValue } from '../../../shared/cbor/value.ts';
import { decodeCborStrict } from '../../../shared/cbor/codec.ts';
import { okResponse, scriptedDevice } from '../support/scripted-device.ts';
import { callOptions } from '../support/udp-keys.ts';

const IDS = [1, 2, 3].map((byte) => new Uint8Array(16).fill(byte));
const [FIRST = new Uint8Array(), SECOND = new Uint8Array(), THIRD = new Uint8Array()] = IDS;
const NO = Uint8Array.of(0x2e);

function assertionOf(id: Bytes): Bytes {
  const descriptor = new Map<CborValue, CborValue>([
    ['id', id],
    ['type', 'public-key'],
  ]);
  return okResponse(new Map<CborValue, CborValue>([[1, descriptor], [2, new Uint8Array(37)], [3, Uint8Array.of(0x30)]]));
}

/** Looks for three credentials, one in a request, on a key that answers so. */
async function look(
  answers: readonly Bytes[],
  query: Partial<PreflightQuery> = {},
): Promise<{ readonly finding: PreflightFinding | undefined; readonly requests: readonly CborMap[] }> {
  const device = scriptedDevice(...answers);
  const limits = { maxCount: undefined, maxIdLength: undefined, maxMessageSize: 1024 };
  const whole: PreflightQuery = { rpIds: ['example.org'], ids: IDS, limits, token: undefined, renewToken: () => Promise.resolve(undefined), ...query };
  const found = await findListedCredential(device, whole, callOptions());
  const requests = device.requests.map((request) => {
    const decoded = decodeCborStrict(request.subarray(1));
    if (!decoded.ok) throw new Error(decoded.error.message);
    return decoded.value as CborMap;
  });
  return { finding: found.ok ? found.value : undefined, requests };
}

test.each([0x02, 0x03, 0x12, 0x30, 0x7f, 0xf2])('a status that says nothing clear (%s) of one ID does not end the search', async (status) => {
  const { finding } = await look([Uint8Array.of(status), NO, assertionOf(THIRD)]);
  expect(finding).toEqual({ kind: 'match', id: THIRD, rpId: 'example.org' });
});

test('IDs that the key gave no clear answer about are all that is left', async () => {
  const broken = okResponse('what is this');
  expect((await look([Uint8Array.of(0x7f), NO, broken])).finding).toEqual({ kind: 'unknown', ids: [FIRST, THIRD] });
});

test('an answer with a credential that was not asked for says nothing', async () => {
  expect((await look([assertionOf(SECOND), NO, NO])).finding).toEqual({ kind: 'unknown', ids: [FIRST] });
});

test('a list that is too long in the words of CTAP1 is halved', async () => {
  const limits = { maxCount: 8, maxIdLength: 64, maxMessageSize: 1024 };
  const { finding, requests } = await look([Uint8Array.of(0x03), NO, assertionOf(THIRD)], { limits });
  expect(finding).toMatchObject({ kind: 'match', id: THIRD });
  expect(requests.map((request) => (request.get(3) as readonly CborValue[]).length)).toEqual([3, 1, 2]);
});

test('what a key makes of an AppID does not blur that there is nothing under the RP ID', async () => {
  const rpIds = ['example.org', 'https://example.org/app-id.json'] as const;
  expect((await look([NO, NO, NO, Uint8Array.of(0x36), Uint8Array.of(0x36), Uint8Array.of(0x36)], { rpIds })).finding).toEqual({ kind: 'none' });
  expect((await look([NO, NO, NO, NO, assertionOf(SECOND)], { rpIds })).finding).toEqual({ kind: 'match', id: SECOND, rpId: rpIds[1] });
});

test.each([
  ['that can have no PIN', {}, undefined],
  ['without a PIN so far', { clientPin: false }, 1],
  ['with a PIN', { clientPin: true }, 2],
] as const)('the old way to ask a key %s for a touch', async (_name, options, protocol) => {
  const device = scriptedDevice(Uint8Array.of(0x33));
  const info = { versions: ['FIDO_2_0'], options, pinUvAuthProtocols: protocol === undefined ? [] : [protocol] };
  const touched = await waitForTouch(device, info, callOptions());
  // A key that knows no PIN may refuse what comes with a proof at once, and was not touched then.
  expect(touched.ok).toBe(protocol !== undefined);
  const request = decodeCborStrict(device.requests[0]?.subarray(1) ?? new Uint8Array());
  const members = request.ok ? (request.value as CborMap) : undefined;
  expect([members?.get(8), members?.get(9)]).toEqual(protocol === undefined ? [undefined, undefined] : [new Uint8Array(), protocol]);
});
