import { describe, expect, test } from 'vitest';

import { readLargeBlobs } from '../../../native-host/ctap2/large-blobs.ts';
import { decodeCborStrict } from '../../../shared/cbor/codec.ts';
import { isCborMap } from '../../../shared/cbor/value.ts';
import { okResponse, scriptedDevice } from '../support/scripted-device.ts';
import { callOptions } from '../support/udp-keys.ts';

const fragment = (length: number) => okResponse(new Map([[1, new Uint8Array(length)]]));

describe('reading large blobs', () => {
  test('a key that claims to store without end is not read without end', async () => {
    const device = scriptedDevice(...Array.from({ length: 300 }, () => fragment(960)));
    const read = await readLargeBlobs(device, { maxMsgSize: 1024, maxSerializedLargeBlobArray: 2 ** 50 }, callOptions());
    expect(read).toMatchObject({ ok: false, error: { kind: 'malformed' } });
    expect(device.requests.length).toBe(274);
  });

  test('a key that claims to take next to nothing is asked for fragments all the same', async () => {
    const device = scriptedDevice(fragment(17));
    expect(await readLargeBlobs(device, { maxMsgSize: 1 }, callOptions())).toEqual({ ok: true, value: new Uint8Array(17) });
    const request = decodeCborStrict(device.requests[0]?.slice(1) ?? new Uint8Array());
    expect(request.ok && isCborMap(request.value) && request.value.get(1)).toBe(64);
  });
});
