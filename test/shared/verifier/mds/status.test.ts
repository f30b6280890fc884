import { describe, expect, it } from 'vitest';

import { encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { keyIdentifier } from '../../../../shared/verifier/mds/key-identifier.ts';
import { DENYING_STATUSES, judgeStatus } from '../../../../shared/verifier/mds/status.ts';
import { NOW, ROOT } from './fixture.ts';

const certified = { status: 'FIDO_CERTIFIED_L1', effectiveDate: '2024-01-01' };

describe('judgeStatus', () => {
  it('finds nothing against a certified model', () => {
    expect(judgeStatus([certified], NOW)).toEqual({ denied: [], notices: [], certification: 'FIDO_CERTIFIED_L1' });
  });

  it.each(DENYING_STATUSES)('denies after %s', (status) => {
    expect(judgeStatus([certified, { status, effectiveDate: '2025-01-01' }], NOW).denied).toEqual([status]);
  });

  it.each(DENYING_STATUSES)('does not deny before %s is in force', (status) => {
    expect(judgeStatus([certified, { status, effectiveDate: '2027-01-01' }], NOW).denied).toEqual([]);
  });

  it.each([
    ['USER_VERIFICATION_BYPASS', []],
    ['ATTESTATION_KEY_COMPROMISE', []],
    ['REVOKED', ['REVOKED']],
  ])('after %s and a later certification, %j stays', (status, denied) => {
    expect(judgeStatus([{ status, effectiveDate: '2023-01-01' }, certified], NOW).denied).toEqual(denied);
  });

  it('denies when both came on the same day, and without a date that can be read', () => {
    expect(judgeStatus([{ status: 'USER_VERIFICATION_BYPASS', effectiveDate: '2024-01-01' }, certified], NOW).denied).toHaveLength(1);
    expect(judgeStatus([{ status: 'USER_VERIFICATION_BYPASS' }, certified], NOW).denied).toHaveLength(1);
    expect(judgeStatus([{ status: 'USER_VERIFICATION_BYPASS', effectiveDate: 'soon' }, certified], NOW).denied).toHaveLength(1);
  });

  it('does not care for the order of the reports', () => {
    const reports = [certified, { status: 'REVOKED', effectiveDate: '2025-01-01' }, { status: 'NOT_FIDO_CERTIFIED', effectiveDate: '2020-01-01' }];
    expect(judgeStatus(reports.toReversed(), NOW)).toEqual(judgeStatus(reports, NOW));
  });

  it('limits a compromise of attestation keys to the certificate that it names', () => {
    const report = { status: 'ATTESTATION_KEY_COMPROMISE', effectiveDate: '2025-01-01', batchCertificate: encodeBase64url(ROOT.encoded) };
    expect(judgeStatus([certified, report], NOW, [ROOT.encoded]).denied).toHaveLength(1);
    expect(judgeStatus([certified, report], NOW, [Uint8Array.of(1)]).denied).toEqual([]);
    expect(judgeStatus([certified, report], NOW).denied).toHaveLength(1);
  });

  it.each(['USER_KEY_REMOTE_COMPROMISE', 'USER_KEY_PHYSICAL_COMPROMISE'])('limits %s to the batch that it names, not to another certificate', (status) => {
    const named = { certificate: encodeBase64url(ROOT.encoded) };
    const report = { status, effectiveDate: '2025-01-01' };
    const batch = { ...report, batchCertificate: named.certificate };
    expect(judgeStatus([certified, batch], NOW, [ROOT.encoded]).denied).toHaveLength(1);
    expect(judgeStatus([certified, batch], NOW, [Uint8Array.of(1)]).denied).toEqual([]);
    expect(judgeStatus([certified, { ...report, ...named }], NOW, [Uint8Array.of(1)]).denied).toHaveLength(1);
  });

  it.each(['REVOKED', 'USER_VERIFICATION_BYPASS'])('does not limit %s to a batch', (status) => {
    const report = { status, effectiveDate: '2025-01-01', batchCertificate: encodeBase64url(ROOT.encoded) };
    expect(judgeStatus([certified, report], NOW, [Uint8Array.of(1)]).denied).toHaveLength(1);
  });

  it('takes the highest certification, unless the model has lost it', () => {
    const level2 = { status: 'FIDO_CERTIFIED_L2', effectiveDate: '2025-01-01' };
    expect(judgeStatus([level2, certified], NOW).certification).toBe('FIDO_CERTIFIED_L2');
    expect(judgeStatus([certified, { status: 'NOT_FIDO_CERTIFIED', effectiveDate: '2025-01-01' }], NOW).certification).toBeUndefined();
    expect(judgeStatus([certified, { status: 'NOT_FIDO_CERTIFIED', effectiveDate: '2020-01-01' }], NOW).certification).toBe('FIDO_CERTIFIED_L1');
    expect(judgeStatus([{ status: 'FIDO_CERTIFIED_L3', effectiveDate: 'soon' }], NOW).certification).toBeUndefined();
  });

  it('takes a certification without a date as in force while it is there, but as no answer to what came with a date', () => {
    const undated = { status: 'FIDO_CERTIFIED_L2' };
    expect(judgeStatus([{ status: 'NOT_FIDO_CERTIFIED', effectiveDate: '2020-01-01' }, undated], NOW).certification).toBe('FIDO_CERTIFIED_L2');
    expect(judgeStatus([{ status: 'USER_VERIFICATION_BYPASS', effectiveDate: '2020-01-01' }, undated], NOW).denied).toHaveLength(1);
  });

  it.each([
    ['2026-11-22', undefined],
    ['2026-11-23', 'FIDO_CERTIFIED_L1'],
    ['one day', undefined],
  ])('lets a certification end on %s: %s', (sunsetDate, certification) => {
    expect(judgeStatus([{ ...certified, sunsetDate }], NOW).certification).toBe(certification);
  });

  it('does not let what speaks against a model end', () => {
    const report = { status: 'USER_KEY_REMOTE_COMPROMISE', effectiveDate: '2025-01-01', sunsetDate: '2026-01-01' };
    expect(judgeStatus([certified, report], NOW).denied).toHaveLength(1);
  });

  it('tells what else is reported', () => {
    const reports = ['UPDATE_AVAILABLE', 'RETIRED', 'SOMETHING_NEW', 'SELF_ASSERTION_SUBMITTED'].map((status) => ({ status, effectiveDate: '2025-01-01' }));
    expect(judgeStatus(reports, NOW).notices).toEqual(['UPDATE_AVAILABLE', 'RETIRED', 'SOMETHING_NEW']);
  });
});

describe('keyIdentifier', () => {
  it('has forty digits', async () => {
    expect(await keyIdentifier(ROOT)).toMatch(/^[0-9a-f]{40}$/);
  });
});
