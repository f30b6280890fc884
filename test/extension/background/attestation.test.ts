import { beforeEach, describe, expect, it } from 'vitest';

import { decodeBase64url, encodeBase64url } from '../../../shared/bytes/base64url.ts';
import { success } from '../../../shared/bytes/result.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import type { MetadataLookup } from '../../../shared/wire/metadata.ts';
import { ATTESTATION_KEY, ROOT, attested, authData, leaf, signed } from '../../shared/verifier/fixture.ts';
import { ROOT_DER } from '../../shared/verifier/mds/fixture.ts';
import { type Relay, World, creationOptions } from './support/world.ts';

const NOT_ALLOWED = { ok: false, error: { kind: 'error', error: { name: 'NotAllowedError' } } };
const CREDENTIAL = { ok: true, value: { outcome: 'credential' } };
const CURRENT = { state: 'current', no: 7, nextUpdate: 0 } as const;

/** A registration of a key with a certificate of its maker, while the metadata says one thing or another. */
describe('attestation by certificate', () => {
  let world: World;

  beforeEach(() => {
    world = new World();
    world.behaviour.register = ({ params }) => {
      const data = authData({ rpId: 'login.example', flags: 0x45, parts: [attested()] });
      const hash = decodeBase64url(params.clientDataHash) ?? new Uint8Array();
      const attStmt = new Map<CborValue, CborValue>([['alg', -7], ['sig', signed(ATTESTATION_KEY, data, hash)], ['x5c', [leaf()]]]);
      const attestationObject = encodeCbor(new Map<CborValue, CborValue>([['fmt', 'packed'], ['attStmt', attStmt], ['authData', data]]));
      return Promise.resolve(success({ attestationObject: encodeBase64url(attestationObject), transports: ['usb'], discoverable: true, extensions: {} }));
    };
  });

  function start(site?: object): Relay {
    if (site !== undefined) world.platform.managedValues = { policy: JSON.stringify({ sites: [{ rpIds: ['login.example'], ...site }] }) };
    world.withHost().start();
    return world.relay('https://login.example');
  }

  function know(changes: Partial<NonNullable<MetadataLookup['entry']>> = {}, status: MetadataLookup['status'] = CURRENT): void {
    const certified = { status: 'FIDO_CERTIFIED_L1', effectiveDate: '2024-01-01' };
    const getInfo = { versions: ['FIDO_2_1'], extensions: ['hmac-secret'], options: { rk: true, clientPin: true } };
    const entry = { description: 'Key', protocolFamily: 'fido2', attestationTypes: ['basic_full'], anchors: [encodeBase64url(ROOT)], userVerificationMethods: [], getInfo };
    world.metadata = { status, entry: { ...entry, statusReports: [certified], ...changes } };
  }

  async function verdict(): Promise<unknown> {
    const { ceremonies } = await world.popup().views.until((view) => view.ceremonies.length > 0);
    return ceremonies[0];
  }

  const ENFORCED = { fido2: { isAttestationEnforced: true } };

  it.each([[ENFORCED], [{ ...ENFORCED, preset: 'entra' }], [undefined]])('is accepted under the model\'s root with the policy %j', async (site) => {
    know();
    expect(await start(site).create(creationOptions())).toMatchObject(CREDENTIAL);
    expect(await verdict()).toMatchObject({ verdict: 'accepted' });
  });

  it.each<[string, Partial<NonNullable<MetadataLookup['entry']>>]>([
    ['policy.status', { statusReports: [{ status: 'REVOKED', effectiveDate: '2025-01-01' }] }],
    ['policy.attestation', { anchors: [] }],
  ])('is refused by %s where the policy enforces it', async (id, changes) => {
    know(changes);
    expect(await start(ENFORCED).create(creationOptions())).toMatchObject(NOT_ALLOWED);
    expect(await verdict()).toMatchObject({ failedChecks: [{ id }] });
  });

  it('is refused by the preset entra for a model that is not certified', async () => {
    know({ statusReports: [{ status: 'NOT_FIDO_CERTIFIED', effectiveDate: '2025-01-01' }] });
    expect(await start({ ...ENFORCED, preset: 'entra' }).create(creationOptions())).toMatchObject(NOT_ALLOWED);
    expect(await verdict()).toMatchObject({ failedChecks: [{ id: 'policy.certification' }] });
  });

  it('goes to the site as not checkable where there is no metadata', async () => {
    expect(await start(ENFORCED).create(creationOptions())).toMatchObject(CREDENTIAL);
    expect(await verdict()).toMatchObject({ verdict: 'unverifiable' });
  });

  it.each([
    ['current', NOT_ALLOWED],
    ['stale', CREDENTIAL],
  ] as const)('under another root than the model\'s, with %s metadata and without a policy', async (state, outcome) => {
    know({ anchors: [encodeBase64url(ROOT_DER)] }, { ...CURRENT, state });
    expect(await start().create(creationOptions())).toMatchObject(outcome);
  });

  it('is judged by stale metadata where the policy enforces it', async () => {
    know({ anchors: [encodeBase64url(ROOT_DER)] }, { ...CURRENT, state: 'stale' });
    expect(await start(ENFORCED).create(creationOptions())).toMatchObject(NOT_ALLOWED);
  });
});
