import type { Bytes } from '../../shared/bytes/bytes.ts';
import { holdableIds, listedIds, needsPreflight } from './credential-lists.ts';
import { beginOperation, type Draft, patchDevice } from './draft.ts';
import type { KeyFacts } from './key-facts.ts';
import type { DeviceRecord } from './machine-types.ts';
import type { CeremonyFailure, CeremonyRequest } from './request.ts';
import { planVerification, wantsResidentKey } from './verification-plan.ts';

/** Why a key cannot serve a request at all, as far as getInfo tells. */
export function findVerdict(request: CeremonyRequest, facts: KeyFacts): CeremonyFailure | undefined {
  if (request.kind !== 'registration') return undefined;
  if (request.residentKey === 'required' && !facts.canMakeResidentKey) {
    return { reason: 'unsupportedRequirement', message: 'The key cannot hold discoverable credentials.' };
  }
  const { algorithms } = facts;
  if (algorithms !== undefined && !request.algorithms.some((algorithm) => algorithms.includes(algorithm))) {
    return { reason: 'unsupportedAlgorithm', message: 'The key has none of the requested algorithms.' };
  }
  return undefined;
}

/**
 * Goes on with a key whose user is verified as far as needed: looks silently through a list that is too long for one
 * request, then runs the operation, which needs the prompt to be visible. A key with nothing to offer gets a verdict
 * instead: it is told after a touch only.
 */
export function proceedWithKey(draft: Draft, record: DeviceRecord, facts: KeyFacts): void {
  const { request } = draft;
  if (record.verdict === undefined && record.preflight === undefined && needsPreflight(request, facts)) {
    beginOperation(draft, record, (op) => ({ at: 'preflighting', op }), {
      type: 'preflight',
      ids: holdableIds(request, facts.lists),
      authorised: record.authorised,
    });
    return;
  }
  const ids = idsToSend(request, record, facts);
  if (record.verdict !== undefined || ids === undefined) {
    askForTouch(draft, patchDevice(draft, record, { verdict: record.verdict ?? NO_CREDENTIALS }));
    return;
  }
  if (!draft.promptVisible) return;
  const uv = !record.authorised && planVerification(request, facts, record) === 'uvOption';
  beginOperation(draft, record, (op) => ({ at: 'operating', op, asked: false }), {
    type: 'operate',
    ids,
    residentKey: wantsResidentKey(request, facts),
    uv,
    authorised: record.authorised,
  });
}

/** Lets the key wait for a touch, as soon as the prompt is visible. */
export function askForTouch(draft: Draft, record: DeviceRecord): void {
  if (!draft.promptVisible) return;
  beginOperation(draft, record, (op) => ({ at: 'selecting', op, asked: false }), { type: 'selectByTouch' });
}

/** What is told of a key that holds no credential for the site. */
export const NO_CREDENTIALS: CeremonyFailure = {
  reason: 'noCredentials',
  message: 'The key holds no credential that the site accepts.',
};

/** The list for the operation; `undefined` when the key holds none of those that may sign. */
function idsToSend(request: CeremonyRequest, { preflight }: DeviceRecord, facts: KeyFacts): readonly Bytes[] | undefined {
  const nothing = request.kind === 'registration' || listedIds(request).length === 0 ? [] : undefined;
  switch (preflight?.kind) {
    case 'match':
      return [preflight.id];
    case 'none':
      return nothing;
    case 'unknown':
    case undefined: {
      const ids = holdableIds(request, facts.lists);
      return ids.length > 0 ? ids : nothing;
    }
  }
}
