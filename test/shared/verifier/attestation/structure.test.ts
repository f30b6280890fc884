import { describe, expect, it } from 'vitest';

import { decodeCbor, encodeCbor } from '../../../../shared/cbor/codec.ts';
import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import { ROOT, type RegistrationSpec, attested, authData, leaf, packed, packedSelf, registration } from '../fixture.ts';
import { isAccepted, memberOf } from '../mutations.ts';
import { structureMutants } from '../structure-mutations.ts';
import * as make from './statements.ts';

const part = (attStmt: CborValue): CborValue => new Map<CborValue, CborValue>([['fmt', 'packed'], ['attStmt', attStmt]]);
const compound = [part(packed([leaf()])), part(packedSelf())];

/**
 * What may be changed without changing what the response says: the order of members, which early clients did not sort,
 * and what the formats' own rules leave free.
 */
const FORMATS: readonly (readonly [string, RegistrationSpec, readonly string[]])[] = [
  ['none', {}, ['the item: reversed']],
  ['packed', { fmt: 'packed', attStmt: packed([leaf(), ROOT]), input: { anchors: [ROOT] } }, [
    'the item: reversed',
    'attStmt: reversed',
    // What stands behind the anchor is not looked at, but it must be a certificate.
    'attStmt.x5c: one more',
    'attStmt.x5c: one less',
    // Another number of the same algorithm.
    'attStmt.alg: -9',
  ]],
  ['packed, self', { fmt: 'packed', attStmt: packedSelf() }, ['the item: reversed', 'attStmt: reversed']],
  ['fido-u2f', make.u2f(), ['the item: reversed', 'attStmt: reversed']],
  ['tpm', make.tpm(), ['the item: reversed', 'attStmt: reversed', 'attStmt.x5c: one more', 'attStmt.alg: -9']],
  ['android-key', make.androidKey(), ['the item: reversed', 'attStmt: reversed', 'attStmt.alg: -9']],
  // The version means nothing.
  ['android-safetynet', make.safetyNet(), ['the item: reversed', 'attStmt: reversed', 'attStmt.ver: "1 "', 'attStmt.ver: "1\\u0000"', 'attStmt.ver: "\uFEFF1"']],
  ['apple', make.apple(), ['the item: reversed', 'attStmt.x5c: one more']],
  ['compound', { fmt: 'compound', attStmt: compound, input: { anchors: [ROOT] } }, [
    'the item: reversed',
    'attStmt: one more',
    'attStmt: turned round',
    'attStmt.0: reversed',
    'attStmt.0.attStmt: reversed',
    'attStmt.0.attStmt.x5c: one more',
    'attStmt.0.attStmt.alg: -9',
    'attStmt.1: reversed',
    'attStmt.1.attStmt: reversed',
  ]],
];

describe('no changed structure of an attestation object is accepted but those that say the same', () => {
  it.each(FORMATS)('%s', async (_name, spec, same) => {
    const input = registration(spec);
    const decoded = decodeCbor(memberOf(input.response, 'attestationObject'));
    if (!decoded.ok) throw new TypeError(decoded.error.message);
    const accepted: string[] = [];
    let tried = 0;
    for (const { bytes, what } of structureMutants(decoded.value.value)) {
      tried += 1;
      if (await isAccepted(input, 'attestationObject', bytes)) accepted.push(what);
    }
    expect(tried).toBeGreaterThan(50);
    expect(accepted.sort()).toEqual([...same].sort());
  }, 60_000);

  it('the credential key: nothing', async () => {
    const spec = { fmt: 'none' };
    const input = registration(spec);
    const object = decodeCbor(memberOf(input.response, 'attestationObject'));
    const authDataBytes = object.ok ? ((object.value.value as CborMap).get('authData') as Uint8Array) : new Uint8Array();
    const key = decodeCbor(authDataBytes.slice(55 + 24));
    if (!key.ok) throw new TypeError(key.error.message);
    const accepted: string[] = [];
    for (const { bytes, what } of structureMutants(key.value.value)) {
      const data = authData({ flags: 0x45, parts: [attested(bytes)] });
      const changed = registration({ ...spec, data });
      if (await isAccepted(changed, 'attestationObject', memberOf(changed.response, 'attestationObject'))) accepted.push(what);
    }
    expect(accepted).toEqual([]);
  });

  it('the extension outputs: what they say is not signed in format none, but they must be one map', async () => {
    const outcomes = await Promise.all(
      [new Map([['credProtect', 2]]), new Map(), [], 'text', 1, null].map((value) => {
        const changed = registration({ data: authData({ flags: 0xc5, parts: [attested(), encodeCbor(value)] }) });
        return isAccepted(changed, 'attestationObject', memberOf(changed.response, 'attestationObject'));
      }),
    );
    expect(outcomes).toEqual([true, true, false, false, false, false]);
  });
});
