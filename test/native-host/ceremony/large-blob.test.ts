import { expect, test } from 'vitest';

import { storeBlob } from '../../../native-host/ceremony/large-blob.ts';
import { encodeLargeBlobArray } from '../../../native-host/ceremony/large-blob-array.ts';
import { decodeInfo } from '../../../native-host/ctap2/get-info.ts';
import { PinUvAuthPermission, PinUvAuthToken } from '../../../native-host/ctap2/pin-uv-auth/token.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { okResponse, scriptedDevice } from '../support/scripted-device.ts';
import { callOptions } from '../support/udp-keys.ts';

const INFO = decodeInfo(new Map<CborValue, CborValue>([[1, ['FIDO_2_1']], [3, new Uint8Array(16)]]));

// 0x33: spent; 0x38: expired; 0x40: the touch took all its permissions.
test.each([0x33, 0x38, 0x40])('a token that a touch has spoilt (%s) is replaced by one that may write', async (status) => {
  if (!INFO.ok) throw new Error('unreachable');
  const stored = okResponse(new Map<CborValue, CborValue>([[1, encodeLargeBlobArray([])]]));
  const device = scriptedDevice(stored, Uint8Array.of(status), Uint8Array.of(0));
  const asked: number[] = [];
  const access = {
    device,
    info: INFO.value,
    token: new PinUvAuthToken(2, new Uint8Array(32)),
    renewToken: (permissions: number) => {
      asked.push(permissions);
      return Promise.resolve(new PinUvAuthToken(2, new Uint8Array(32).fill(1)));
    },
    options: callOptions(),
  };
  expect(await storeBlob(access, new Uint8Array(32), Uint8Array.of(1, 2, 3))).toBe(true);
  expect(asked).toEqual([PinUvAuthPermission.largeBlobWrite]);
});
