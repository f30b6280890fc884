import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { isOriginListed, relatedOriginsUrl } from '../../../shared/webauthn/related-origins.ts';

/** Bounds of one look at a domain's list. */
export interface RelatedOriginLimits {
  /** Milliseconds for the whole of it. */
  readonly deadline: number;
  /** Bytes of the file; a longer one is no list of a few origins. */
  readonly maxBytes: number;
  /** Looks at once, over all pages; a page that asks in a loop must not become a load on others. */
  readonly maxFetches: number;
}

export const RELATED_ORIGIN_LIMITS: RelatedOriginLimits = { deadline: 10_000, maxBytes: 262_144, maxFetches: 8 };

/** Why a domain's list does not help the caller; for the inspector. */
export type RelatedOriginAnswer = { readonly related: true } | { readonly related: false; readonly detail: string };

/** Asks domains whether an origin is one of theirs. */
export interface RelatedOrigins {
  /** Never rejects. */
  check(rpId: string, callerOrigin: string, signal: AbortSignal): Promise<RelatedOriginAnswer>;
}

/**
 * Builds the asker. The file is fetched without credentials and referrer. That redirects stay on https is the
 * manifest's part: its content security policy lets the background connect to `https:` only, redirects included.
 *
 * Source: WebAuthn L3 §5.11 and §5.11.1.
 *
 * @param fetchUrl the background's `fetch`.
 */
export function createRelatedOrigins(
  fetchUrl: typeof fetch,
  { deadline, maxBytes, maxFetches }: RelatedOriginLimits = RELATED_ORIGIN_LIMITS,
): RelatedOrigins {
  let fetches = 0;

  async function ask(rpId: string, callerOrigin: string, signal: AbortSignal): Promise<RelatedOriginAnswer> {
    const response = await fetchUrl(relatedOriginsUrl(rpId), {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'follow',
      signal,
    });
    if (response.status !== 200) return no(rpId, `answered with status ${response.status.toString()}`);
    if (!response.url.startsWith('https:')) return no(rpId, 'led away from https');
    if (!isJson(response.headers.get('content-type'))) return no(rpId, 'is not of type application/json');
    const body = await readBody(response, maxBytes);
    if (body === undefined) return no(rpId, `is longer than ${maxBytes.toString()} bytes`);
    return isOriginListed(parse(body), callerOrigin) ? { related: true } : no(rpId, 'does not list the origin');
  }

  return {
    async check(rpId, callerOrigin, signal) {
      if (fetches >= maxFetches) return no(rpId, 'was not asked for: too many such requests are under way');
      fetches += 1;
      const controller = new AbortController();
      const stop = (): void => controller.abort();
      const timer = setTimeout(stop, deadline);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      try {
        return await ask(rpId, callerOrigin, controller.signal);
      } catch (fault) {
        return no(rpId, `could not be fetched (${fault instanceof Error ? fault.name : 'unknown'})`);
      } finally {
        fetches -= 1;
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

function no(rpId: string, why: string): RelatedOriginAnswer {
  return { related: false, detail: `The list of origins of ${rpId} ${why}.` };
}

/** Parameters such as a charset do not matter. */
function isJson(contentType: string | null): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}

/** The body, read no further than `maxBytes`. */
async function readBody(response: Response, maxBytes: number): Promise<Bytes | undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const chunks: Bytes[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(...chunks);
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
}

function parse(body: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // What is no JSON lists nothing.
    return undefined;
  }
}
