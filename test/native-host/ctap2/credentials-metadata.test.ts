import { expect, test } from 'vitest';

import { getCredentialsMetadata } from '../../../native-host/ctap2/credential-management/get-metadata.ts';
import { PinUvAuthToken } from '../../../native-host/ctap2/pin-uv-auth/token.ts';
import { okResponse, scriptedDevice } from '../support/scripted-device.ts';
import { callOptions } from '../support/udp-keys.ts';

async function metadata(members: readonly (readonly [number, number])[]): ReturnType<typeof getCredentialsMetadata> {
  const token = new PinUvAuthToken(2, new Uint8Array(32));
  return getCredentialsMetadata(scriptedDevice(okResponse(new Map(members))), 'credentialManagement', token, callOptions());
}

test('both counts are told', async () => {
  expect(await metadata([[1, 3], [2, 20]])).toEqual({ ok: true, value: { existing: 3, maxRemaining: 20 } });
});

test('a key that has miscounted and has fewer than no places left has none', async () => {
  expect(await metadata([[1, 66], [2, -2]])).toEqual({ ok: true, value: { existing: 66, maxRemaining: 0 } });
});

test('without a count there is no answer', async () => {
  expect(await metadata([[1, 3]])).toMatchObject({ ok: false, error: { kind: 'malformed' } });
  expect(await metadata([[1, -1], [2, 3]])).toMatchObject({ ok: false, error: { kind: 'malformed' } });
});
