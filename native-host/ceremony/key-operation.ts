import { isModelAllowed } from '../../shared/policy/evaluate.ts';
import { holdableIds, listedIds, needsPreflight } from './credential-lists.ts';
import { beginOperation, type Draft, moveDevice, patchDevice } from './draft.ts';
import type { KeyFacts } from './key-facts.ts';
import type { DeviceRecord, OperationPlan } from './machine-types.ts';
import type { CeremonyFailure, CeremonyRequest, PolicyRequirements } from './request.ts';
import { planVerification, wantsResidentKey } from './verification-plan.ts';

/** Why a key cannot serve a request at all, as far as getInfo tells. */
export function findVerdict(request: CeremonyRequest, facts: KeyFacts): CeremonyFailure | undefined {
  const refusal = request.requirements && findPolicyRefusal(request.requirements, facts);
  if (refusal !== undefined) return { reason: 'refusedByPolicy', message: refusal };
  if (request.kind === 'authentication') {
    return facts.protocol === 'u2f' && request.allowList.length === 0
      ? { reason: 'unsupportedRequirement', message: 'A U2F key holds no discoverable credentials.' }
      : undefined;
  }
  if (request.residentKey === 'required' && !facts.canMakeResidentKey) {
    return { reason: 'unsupportedRequirement', message: 'The key cannot hold discoverable credentials.' };
  }
  const { credProtect, largeBlob } = request.extensions;
  if (largeBlob === 'required' && !(facts.hasLargeBlobs && facts.canMakeResidentKey)) {
    return { reason: 'unsupportedRequirement', message: 'The key has no large blobs.' };
  }
  if (credProtect?.enforce === true && credProtect.level > 1 && !facts.hasCredProtect) {
    return { reason: 'unsupportedRequirement', message: 'The key cannot protect credentials as the site wants it.' };
  }
  const { algorithms } = facts;
  if (algorithms !== undefined && !request.algorithms.some((algorithm) => algorithms.includes(algorithm))) {
    return { reason: 'unsupportedAlgorithm', message: 'The key has none of the requested algorithms.' };
  }
  return undefined;
}

/** What the policy has against the key: known before it is asked, so that no credential is left on it. */
function findPolicyRefusal({ aaguids, residentKey, hmacSecret }: PolicyRequirements, facts: KeyFacts): string | undefined {
  if (!isModelAllowed(aaguids, facts.aaguid)) return 'The policy does not allow keys of this model.';
  if (residentKey && !facts.canMakeResidentKey) return 'The policy asks for discoverable credentials, which the key cannot hold.';
  return hmacSecret && !facts.hasHmacSecret ? 'The policy asks for hmac-secret, which the key does not have.' : undefined;
}

/**
 * Goes on with a key whose user is verified as far as needed: looks silently through a list that is too long for one
 * request, then runs the operation, which needs the prompt to be visible. A key with nothing to offer gets a verdict
 * instead: it is told after a touch only.
 */
export function proceedWithKey(draft: Draft, record: DeviceRecord, facts: KeyFacts): void {
  const { request } = draft;
  const isDue = record.listTooLong || needsPreflight(request, facts);
  if (record.verdict === undefined && record.preflight === undefined && isDue) {
    beginOperation(draft, record, (op) => ({ at: 'preflighting', op }), {
      type: 'preflight',
      ids: holdableIds(request, facts.lists),
      authorised: record.authorised,
    });
    return;
  }
  const target = record.verdict ?? findTarget(request, record, facts);
  if ('reason' in target) {
    askForTouch(draft, patchDevice(draft, record, { verdict: target }));
    return;
  }
  if (!draft.promptVisible || awaitTap(draft, record)) return;
  // A token is bound to the RP ID, and what U2F has registered needs none.
  const authorised = record.authorised && target.rpId === request.rpId;
  const uv = !authorised && target.rpId === request.rpId && planVerification(request, facts, record) === 'uvOption';
  beginOperation(draft, record, (op) => ({ at: 'operating', op, asked: false }), {
    type: 'operate',
    ...target,
    residentKey: wantsResidentKey(request, facts),
    uv,
    authorised,
  });
}

/** Lets the key wait for a touch, as soon as the prompt is visible. */
export function askForTouch(draft: Draft, record: DeviceRecord): void {
  if (!draft.promptVisible || awaitTap(draft, record)) return;
  beginOperation(draft, record, (op) => ({ at: 'selecting', op, asked: false }), { type: 'selectByTouch' });
}

/**
 * A card on its reader gives its presence to whoever asks. One that lay there before the ceremony is used only after
 * its owner has entered something for it in the prompt, or has said there that it is meant (`cardChosen`); otherwise it
 * has to be laid down anew.
 */
function awaitTap(draft: Draft, record: DeviceRecord): boolean {
  const isSelected = draft.selected?.id === record.identity.id;
  if (record.identity.presentBefore !== true || (isSelected && draft.selected?.by === 'input')) return false;
  askForNewTap(draft, record);
  return true;
}

/** Waits until the card is laid down anew, or its owner says that it is meant; other keys go on without it. */
export function askForNewTap(draft: Draft, record: DeviceRecord): void {
  moveDevice(draft, record, { at: 'needsTap' });
  if (draft.selected?.id === record.identity.id) draft.selected = undefined;
}

/** What is told of a key that holds no credential for the site. */
export const NO_CREDENTIALS: CeremonyFailure = {
  reason: 'noCredentials',
  message: 'The key holds no credential that the site accepts.',
};

/** The key was touched that holds a credential which the site excludes. */
const EXCLUDED: CeremonyFailure = {
  reason: 'credentialExcluded',
  message: 'The key already holds a credential of the exclude list.',
};

/** What the operation is to be asked for, or why it comes to nothing on this key. */
function findTarget(
  request: CeremonyRequest,
  { preflight }: DeviceRecord,
  facts: KeyFacts,
): Pick<OperationPlan, 'ids' | 'rpId' | 'byU2f'> | CeremonyFailure {
  const { rpId } = request;
  const nothing =
    request.kind === 'registration' || listedIds(request).length === 0 ? { rpId, ids: [] } : NO_CREDENTIALS;
  switch (preflight?.kind) {
    case 'match': {
      const isAlternative = preflight.rpId !== rpId;
      // A CTAP2 key itself refuses to register beside a credential under the RP ID.
      if (request.kind === 'registration' && (isAlternative || facts.protocol === 'u2f')) return EXCLUDED;
      if (isAlternative && request.userVerification === 'required') return NO_CREDENTIALS;
      return { rpId: preflight.rpId, ids: [preflight.id], ...(preflight.byU2f === true ? { byU2f: true } : {}) };
    }
    case 'none':
      return nothing;
    case 'unknown':
    case undefined: {
      const ids = preflight?.ids ?? holdableIds(request, facts.lists);
      return ids.length > 0 ? { rpId, ids } : nothing;
    }
  }
}
