import { type Bytes, encodeUtf8 } from '../../shared/bytes/bytes.ts';
import type { KeyFacts, ListLimits } from './key-facts.ts';
import { type CeremonyRequest, MAX_NAME_BYTES } from './request.ts';

/** Bytes of a silent question besides its list: RP ID, hash, token. */
const QUESTION_OVERHEAD = 400;

/** Bytes of a request besides its list that are there whatever the site says, extensions with a fixed value included. */
const REGISTRATION_OVERHEAD = 210;
const AUTHENTICATION_OVERHEAD = 120;
/** Bytes of an algorithm with its type; of two encrypted salts with the key agreement. */
const ALGORITHM_SIZE = 25;
const SALTS_SIZE = 240;

/** Bytes of CBOR around a credential ID in a list. */
const DESCRIPTOR_OVERHEAD = 32;

/** The credential IDs that the request names: those to exclude, or those that may sign. */
export function listedIds(request: CeremonyRequest): readonly Bytes[] {
  return request.kind === 'registration' ? request.excludeList : request.allowList;
}

/** The listed IDs that a key can hold at all: a longer one than it makes is not its own. */
export function holdableIds(request: CeremonyRequest, limits: ListLimits): readonly Bytes[] {
  const { maxIdLength } = limits;
  const ids = listedIds(request);
  return maxIdLength === undefined ? ids : ids.filter((id) => id.length <= maxIdLength);
}

/** Bytes of the ceremony's own request besides its list; rather too many. */
function overheadOf(request: CeremonyRequest): number {
  const { rpId, extensions } = request;
  const salts = extensions.prf === undefined ? 0 : SALTS_SIZE;
  if (request.kind === 'authentication') return AUTHENTICATION_OVERHEAD + rpId.length + salts;
  const { rpName, user, algorithms } = request;
  const names = [rpName, user.name, user.displayName].reduce((sum, name) => sum + Math.min(encodeUtf8(name).length, MAX_NAME_BYTES), 0);
  const credBlob = request.extensions.credBlob?.length ?? 0;
  return REGISTRATION_OVERHEAD + rpId.length + names + user.id.length + algorithms.length * ALGORITHM_SIZE + credBlob + salts;
}

/**
 * Cuts the IDs into lists that the key takes. Where it tells no limits, the lists have one entry: keys of that age
 * answer "no credentials" to a list that is too long for them.
 *
 * @param overhead bytes of the request besides its list.
 */
export function batchIds(ids: readonly Bytes[], limits: ListLimits, overhead = QUESTION_OVERHEAD): readonly (readonly Bytes[])[] {
  const maxCount = limits.maxCount === undefined || limits.maxIdLength === undefined ? 1 : Math.max(1, limits.maxCount);
  const maxSize = limits.maxMessageSize - overhead;
  const batches: Bytes[][] = [];
  let size = 0;
  for (const id of ids) {
    const current = batches.at(-1);
    const cost = id.length + DESCRIPTOR_OVERHEAD;
    if (current === undefined || current.length >= maxCount || size + cost > maxSize) {
      batches.push([id]);
      size = cost;
    } else {
      current.push(id);
      size += cost;
    }
  }
  return batches;
}

/** The other name under which the listed credentials may be on a key: the site's AppID of the time of U2F's own API. */
export function alternativeRpId(request: CeremonyRequest): string | undefined {
  return request.kind === 'registration' ? request.extensions.appIdExclude : request.extensions.appId;
}

/** What is sent for an extension depends on the credential that will sign. */
function dependsOnCredential(request: CeremonyRequest): boolean {
  return request.kind === 'authentication' && (request.extensions.prf?.byCredential.length ?? 0) > 0;
}

/**
 * Whether the list has to be looked through, without a touch, before the operation: it is too long for one request, or
 * what is asked for depends on the credential. U2F keys are always asked about one key handle after the other.
 */
export function needsPreflight(request: CeremonyRequest, facts: KeyFacts): boolean {
  const ids = holdableIds(request, facts.lists);
  if (ids.length === 0) return false;
  if (facts.protocol === 'u2f' || alternativeRpId(request) !== undefined) return true;
  const batches = batchIds(ids, facts.lists, overheadOf(request)).length;
  return batches > 1 || (ids.length > 1 && dependsOnCredential(request));
}
