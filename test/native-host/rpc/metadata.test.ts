import { describe, expect, it } from 'vitest';

import { metadataHandler } from '../../../native-host/rpc/metadata.ts';
import { MetadataIndex } from '../../../shared/verifier/mds/metadata-index.ts';
import { AAGUID, NOW, entry } from '../../shared/verifier/mds/fixture.ts';

const MODEL = AAGUID.replaceAll('-', '');
const OTHER = 'f'.repeat(32);
const KEY = 'ab'.repeat(20);

describe('metadata.lookup', () => {
  const index = new MetadataIndex([
    entry(),
    entry({ aaguid: undefined, attestationCertificateKeyIdentifiers: [KEY], metadataStatement: { description: 'U2F key', protocolFamily: 'u2f' } }),
  ]);
  let waits = 0;
  const lookUp = metadataHandler({
    ready: () => {
      waits += 1;
      return Promise.resolve();
    },
    status: () => Promise.resolve({ state: 'current', no: 1, nextUpdate: NOW }),
    find: (key) => Promise.resolve(index.find(key)),
  });
  const context = {} as Parameters<typeof lookUp>[1];

  it('finds a model by its AAGUID', async () => {
    expect(await lookUp({ aaguid: MODEL, keyIdentifiers: [KEY] }, context)).toMatchObject({ value: { entry: { description: 'Test key' } } });
  });

  it.each([[{ keyIdentifiers: [KEY] }], [{ aaguid: '0'.repeat(32), keyIdentifiers: ['cd'.repeat(20), KEY] }]])('finds a key without AAGUID by its certificate: %j', async (params) => {
    expect(await lookUp(params, context)).toMatchObject({ value: { entry: { description: 'U2F key' } } });
  });

  it('waits for an update only when it is worth it to the one that asks', async () => {
    await lookUp({ aaguid: MODEL }, context);
    expect(waits).toBe(0);
    await lookUp({ aaguid: MODEL, waits: true }, context);
    expect(waits).toBe(1);
  });

  it('has no entry of another key for a model that it does not know', async () => {
    expect(await lookUp({ aaguid: OTHER, keyIdentifiers: [KEY] }, context)).toEqual({ ok: true, value: { status: { state: 'current', no: 1, nextUpdate: NOW } } });
  });
});
