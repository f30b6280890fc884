import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { verifyFile } from '../../../native-host/verify/verify-file.ts';
import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { CHALLENGE, COMMON, registration } from '../../shared/verifier/fixture.ts';

const VECTORS = path.resolve(import.meta.dirname, '../../../../shared/vectors');
const NOW = Date.parse('2026-06-01T00:00:00Z');

const recorded = {
  name: 'sound',
  kind: 'registration',
  response: registration().response,
  expected: { challenge: encodeBase64url(CHALLENGE), origin: COMMON.origins[0], rpId: COMMON.rpId },
};

describe('verifyFile', () => {
  it('accepts a sound registration, and refuses it with another challenge, by name', async () => {
    const other = { ...recorded, name: 'other', expected: { ...recorded.expected, challenge: 'AAAA' } };
    const judged = await verifyFile(JSON.stringify([recorded, other]), NOW);
    expect(judged).toMatchObject({
      ok: true,
      value: {
        results: [
          { name: 'sound', verdict: 'accepted', failed: [] },
          { name: 'other', verdict: 'refused', failed: ['clientData.challenge'] },
        ],
        totals: { entries: 2, accepted: 1, refused: 1, unverifiable: 0, notJudged: 0 },
      },
    });
  });

  it('takes a single object, and names entries without a name', async () => {
    const judged = await verifyFile(JSON.stringify({ ...recorded, name: undefined }), NOW);
    expect(judged).toMatchObject({ ok: true, value: { results: [{ name: 'entry 1', verdict: 'accepted' }] } });
  });

  it('takes null for what may be left out', async () => {
    const open = { requireUserVerification: null, at: null, algorithms: null, topOrigin: null, allowCrossOrigin: null, allowCredentials: null, userHandle: null, requireUserHandle: null, appId: null };
    const entry = { ...recorded, name: null, credential: null, trustRoots: null, knownCredentialIds: null, expected: { ...recorded.expected, ...open } };
    expect(await verifyFile(JSON.stringify(entry), NOW)).toMatchObject({ ok: true, value: { results: [{ name: 'entry 1', verdict: 'accepted' }] } });
  });

  it('refuses an algorithm that was not offered', async () => {
    const judged = await verifyFile(JSON.stringify({ ...recorded, expected: { ...recorded.expected, algorithms: [-257] } }), NOW);
    expect(judged).toMatchObject({ ok: true, value: { results: [{ verdict: 'refused', failed: ['credential.algorithm'] }] } });
  });

  it('takes an empty list for what browsers take it for, ES256 and RS256', async () => {
    const judged = await verifyFile(JSON.stringify({ ...recorded, expected: { ...recorded.expected, algorithms: [] } }), NOW);
    expect(judged).toMatchObject({ ok: true, value: { results: [{ verdict: 'accepted' }] } });
  });

  it('does not judge what is no recorded ceremony, and says where it is wrong', async () => {
    const judged = await verifyFile(JSON.stringify([{ name: 'broken', kind: 'registration', response: {} }, 7, recorded]), NOW);
    expect(judged).toMatchObject({
      ok: true,
      value: { results: [{ name: 'sound' }], notJudged: [{ name: 'broken' }, { name: 'entry 2' }], totals: { notJudged: 2 } },
    });
    if (!judged.ok) return;
    expect(judged.value.notJudged[0]?.detail).toContain('expected');
  });

  it('judges whatever stands as the response', async () => {
    for (const response of [null, 7, 'text', [], { response: { attestationObject: {} } }]) {
      const judged = await verifyFile(JSON.stringify({ ...recorded, response }), NOW);
      expect(judged).toMatchObject({ ok: true, value: { results: [{ verdict: 'refused', failed: ['response.form'] }] } });
    }
  });

  it('says when a file is not JSON', async () => {
    expect(await verifyFile('{', NOW)).toEqual({ ok: false, error: 'The file is not JSON.' });
  });

  it.skipIf(!existsSync(VECTORS))('judges every entry of the vectors beside the checkout, and accepts no invalid one', async () => {
    for (const file of readdirSync(VECTORS).filter((name) => name.endsWith('.json'))) {
      const text = readFileSync(path.join(VECTORS, file), 'utf8');
      const judged = await verifyFile(text, NOW);
      if (!judged.ok) throw new Error(judged.error);
      expect(judged.value.notJudged, file).toEqual([]);
      const entries = JSON.parse(text) as { name: string; verdict: string }[];
      expect(judged.value.results.map(({ name }) => name)).toEqual(entries.map(({ name }) => name));
      const invalid = new Set(entries.filter(({ verdict }) => verdict === 'invalid').map(({ name }) => name));
      expect(judged.value.results.filter(({ name, verdict }) => invalid.has(name) && verdict === 'accepted')).toEqual([]);
    }
  });
});
