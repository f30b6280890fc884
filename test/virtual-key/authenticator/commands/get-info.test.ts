import { describe, expect, test } from 'vitest';

import type { CborMap } from '../../../../shared/cbor/value.ts';
import { Platform, RP_ID } from '../../support/platform.ts';
import { DEFAULT_AAGUID } from '../settings.ts';

function optionsOf(info: CborMap): Record<string, unknown> {
  return Object.fromEntries(info.get(4) as ReadonlyMap<string, unknown>);
}

const MANAGEMENT = { credMgmt: true, authnrCfg: true, setMinPINLength: true, alwaysUv: false };

describe('getInfo', () => {
  test('a CTAP 2.1 key with a PIN tells versions, options, protocols and limits', async () => {
    const platform = new Platform();
    await platform.setPin('1234');
    const { status, map } = await platform.send(4);
    expect(status).toBe(0);
    expect(map.get(1)).toEqual(['U2F_V2', 'FIDO_2_0', 'FIDO_2_1']);
    expect(map.get(2)).toEqual(['credProtect', 'hmac-secret']);
    expect(map.get(3)).toEqual(DEFAULT_AAGUID);
    expect(optionsOf(map)).toEqual({ rk: true, up: true, plat: false, clientPin: true, pinUvAuthToken: true, makeCredUvNotRqd: true, ...MANAGEMENT });
    expect(map.get(6)).toEqual([2, 1]);
    expect(map.get(7)).toBe(8);
    expect(map.get(8)).toBe(128);
    expect(map.get(9)).toEqual(['usb']);
    expect(map.get(13)).toBe(4);
    expect(map.get(20)).toBe(25);
  });

  test('a CTAP 2.0 key tells no more than CTAP 2.0 has', async () => {
    const { map } = await new Platform('ctap2').send(4);
    expect(map.get(1)).toEqual(['U2F_V2', 'FIDO_2_0']);
    expect(map.get(6)).toEqual([1]);
    expect(optionsOf(map)).toEqual({ rk: true, up: true, plat: false, clientPin: false });
    expect([...map.keys()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('without PIN, sensor and hmac-secret there are no PIN/UV protocols, and clientPin is no command', async () => {
    const platform = new Platform('ctap2_1', { clientPin: false, extensions: [] });
    const { map } = await platform.send(4);
    expect(map.has(6)).toBe(false);
    expect(map.has(2)).toBe(false);
    expect(optionsOf(map)).toEqual({ rk: true, up: true, plat: false, credMgmt: true, authnrCfg: true, alwaysUv: false });
    expect((await platform.send(6, new Map([[2, 1]]))).status).toBe(0x01);
  });

  test('knobs show up', async () => {
    const platform = new Platform('ctap2_1', {
      builtInUv: true,
      alwaysUv: true,
      noMcGaPermissionsWithClientPin: true,
      forcePinChange: true,
      u2f: false,
      extensions: ['credBlob', 'largeBlobKey', 'minPinLength'],
      minPinLengthRpIds: [RP_ID],
      minPinLength: 6,
      algorithms: [-8, -7],
    });
    const { map } = await platform.send(4);
    expect(map.get(1)).toEqual(['FIDO_2_0', 'FIDO_2_1']);
    expect(optionsOf(map)).toMatchObject({
      uv: true,
      alwaysUv: true,
      makeCredUvNotRqd: false,
      noMcGaPermissionsWithClientPin: true,
      largeBlobs: true,
    });
    expect(map.get(12)).toBe(true);
    expect(map.get(13)).toBe(6);
    expect(map.get(15)).toBe(32);
    expect((map.get(10) as CborMap[]).map((entry) => entry.get('alg'))).toEqual([-8, -7]);
  });

  test('discoverable credentials use up the remaining places', async () => {
    const platform = new Platform();
    await platform.register({ 7: new Map([['rk', true]]) });
    await platform.register();
    expect((await platform.send(4)).map.get(20)).toBe(24);
  });

  test('takes no parameters', async () => {
    expect((await new Platform().send(4, new Map())).status).toBe(0x03);
  });
});
