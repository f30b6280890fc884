import { describe, expect, test } from 'vitest';

import type { Bytes } from '../../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../../shared/cbor/value.ts';
import { manageFingerprints, tokenFor } from '../../../support/management.ts';
import { parameters, Platform } from '../../../support/platform.ts';

const BE = 0x08;
const PIN = '1234';

function reader(settings: ConstructorParameters<typeof Platform>[1] = {}): Platform {
  const platform = new Platform('ctap2_1', { bioEnrollment: 'standard', ...settings });
  platform.authenticator.setPin(PIN);
  return platform;
}

async function options(platform: Platform): Promise<Record<string, unknown>> {
  return Object.fromEntries((await platform.send(4)).map.get(4) as ReadonlyMap<string, unknown>);
}

/** Enrols one fingerprint with as many samples as it takes. */
async function enrol(platform: Platform, token: Bytes): Promise<Bytes> {
  const first = await manageFingerprints(platform, token, 1);
  const id = first.map.get(4) as Bytes;
  let { map } = first;
  while (map.get(6) !== 0) ({ map } = await manageFingerprints(platform, token, 2, parameters({ 1: id })));
  return id;
}

test('tells modality and sensor without any proof', async () => {
  const platform = reader();
  expect([...(await platform.send(9, parameters({ 6: true }))).map]).toEqual([[1, 1]]);
  expect([...(await manageFingerprints(platform, undefined, 7)).map]).toEqual([[2, 1], [3, 3], [8, 32]]);
});

describe('enrolment', () => {
  test('counts down over good samples, and verification is ready then', async () => {
    const platform = reader();
    expect(await options(platform)).toMatchObject({ bioEnroll: false, uv: false });
    const token = await tokenFor(platform, PIN, BE);
    const first = await manageFingerprints(platform, token, 1);
    const id = first.map.get(4) as Bytes;
    expect([first.map.get(5), first.map.get(6)]).toEqual([0, 2]);
    expect([...(await manageFingerprints(platform, token, 2, parameters({ 1: id }))).map]).toEqual([[5, 0], [6, 1]]);
    expect([...(await manageFingerprints(platform, token, 2, parameters({ 1: id }))).map]).toEqual([[5, 0], [6, 0]]);
    expect(await options(platform)).toMatchObject({ bioEnroll: true, uv: true });
    expect((await platform.requestToken({ 2: 6, 9: 2, 10: 'example.org' }, undefined)).status).toBe(0);
  });

  test('a bad sample says why and does not count', async () => {
    const platform = reader({ sampleStatuses: [7, 0, 4] });
    const token = await tokenFor(platform, PIN, BE);
    const first = await manageFingerprints(platform, token, 1);
    const id = parameters({ 1: first.map.get(4) });
    expect([first.map.get(5), first.map.get(6)]).toEqual([7, 3]);
    expect((await manageFingerprints(platform, token, 2, id)).map.get(5)).toBe(0);
    expect([...(await manageFingerprints(platform, token, 2, id)).map]).toEqual([[5, 4], [6, 2]]);
  });

  test('ends with cancel: nothing is enrolled', async () => {
    const platform = reader();
    const token = await tokenFor(platform, PIN, BE);
    const id = (await manageFingerprints(platform, token, 1)).map.get(4);
    expect((await manageFingerprints(platform, undefined, 3)).status).toBe(0);
    expect((await manageFingerprints(platform, token, 2, parameters({ 1: id }))).status).toBe(0x02);
    expect(platform.authenticator.fingerprints).toEqual([]);
  });

  test('waits for the finger as long as it is told', async () => {
    const platform = reader({ touch: { mode: 'never' } });
    const answer = manageFingerprints(platform, await tokenFor(platform, PIN, BE), 1, parameters({ 3: 5000 }));
    await platform.blinking();
    platform.environment.advance(5000);
    expect((await answer).status).toBe(0x2f);
  });

  test('a full key says so', async () => {
    const platform = reader({ maxFingerprints: 1 });
    const token = await tokenFor(platform, PIN, BE);
    await enrol(platform, token);
    expect((await manageFingerprints(platform, token, 1)).status).toBe(0x17);
  });
});

test('lists, names and removes', async () => {
  const platform = reader();
  const token = await tokenFor(platform, PIN, BE);
  expect((await manageFingerprints(platform, token, 4)).status).toBe(0x2c);
  const id = await enrol(platform, token);
  expect((await manageFingerprints(platform, token, 5, parameters({ 1: id, 2: 'left thumb' }))).status).toBe(0);
  expect((await manageFingerprints(platform, token, 5, parameters({ 1: id, 2: 'x'.repeat(33) }))).status).toBe(0x03);
  const infos = (await manageFingerprints(platform, token, 4)).map.get(7) as CborMap[];
  expect(infos.map((info) => [...info])).toEqual([[[1, id], [2, 'left thumb']]]);
  expect((await manageFingerprints(platform, token, 6, parameters({ 1: id }))).status).toBe(0);
  expect((await manageFingerprints(platform, token, 6, parameters({ 1: id }))).status).toBe(0x2c);
});

describe('who may', () => {
  test('only a token with the permission', async () => {
    const platform = reader();
    expect((await manageFingerprints(platform, undefined, 4)).status).toBe(0x36);
    expect((await manageFingerprints(platform, await tokenFor(platform, PIN, 0x04), 4)).status).toBe(0x33);
  });

  test('by fingerprint only where the key allows it', async () => {
    const platform = reader();
    platform.authenticator.setFingerprints(['thumb']);
    expect((await platform.requestToken({ 2: 6, 9: BE }, undefined)).status).toBe(0x40);
    platform.authenticator.configure({ uvBioEnroll: true });
    expect((await platform.requestToken({ 2: 6, 9: BE }, undefined)).status).toBe(0);
  });

  test('the preview has its own code', async () => {
    const platform = reader({ bioEnrollment: 'preview' });
    expect(await options(platform)).toMatchObject({ userVerificationMgmtPreview: false });
    expect((await manageFingerprints(platform, undefined, 7)).status).toBe(0x01);
    expect((await manageFingerprints(platform, undefined, 7, undefined, 0x40)).status).toBe(0);
  });
});

test('reset forgets the fingerprints', async () => {
  const platform = reader();
  platform.authenticator.setFingerprints(['thumb']);
  expect((await platform.send(7)).status).toBe(0);
  expect(platform.authenticator.fingerprints).toEqual([]);
});
