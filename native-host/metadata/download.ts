import { failure, success, type Result } from '../../shared/bytes/result.ts';

/** What the server said: a BLOB, or that ours is still the current one. */
export type Download = { readonly kind: 'content'; readonly text: string; readonly etag?: string } | { readonly kind: 'unchanged' };

/** Fetches the BLOB; never rejects. */
export type Downloader = (url: string, etag: string | undefined, signal: AbortSignal) => Promise<Result<Download, string>>;

/** Milliseconds for the whole of it. */
const DEADLINE = 60_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Fetches the BLOB from the address that the administrator has set, and from no other: a redirection is an error.
 * Whatever comes is verified before it is used.
 */
export async function downloadBlob(url: string, etag: string | undefined, signal: AbortSignal): Promise<Result<Download, string>> {
  try {
    const response = await fetch(url, {
      redirect: 'error',
      credentials: 'omit',
      headers: etag === undefined ? {} : { 'if-none-match': etag },
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]),
    });
    if (response.status === 304) return success({ kind: 'unchanged' });
    if (!response.ok) return failure(`The server answered ${response.status.toString()}.`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += (chunk as Uint8Array).length;
      if (length > MAX_BYTES) return failure('The answer is too large.');
      chunks.push(chunk as Uint8Array);
    }
    const newEtag = response.headers.get('etag');
    const content = { kind: 'content', text: Buffer.concat(chunks).toString('latin1') } as const;
    return success(newEtag === null ? content : { ...content, etag: newEtag.slice(0, 256) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    return failure(`It could not be fetched: ${error instanceof Error ? error.message : 'unknown reason'} ${cause}`.trim().slice(0, 512));
  }
}
