import { isCborMap } from '../../cbor/value.ts';
import type { Checklist } from '../report.ts';
import type { AttestationEvidence, AttestationInput } from './format.ts';

/** Format `none`: the statement is an empty map, and proves nothing. Source: WebAuthn L3 §8.7. */
export function verifyNone({ attStmt }: AttestationInput, checks: Checklist): AttestationEvidence | undefined {
  const isEmpty = isCborMap(attStmt) && attStmt.size === 0;
  return checks.check('attestation.none', isEmpty, 'The statement is empty.', 'The statement should be empty.')
    ? { type: 'none', trustPath: [] }
    : undefined;
}
