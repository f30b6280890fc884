import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getByTls } from 'node:https';

import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { startDeadline } from '../transport/signals.ts';

/** What the server said: a BLOB, or that ours is still the current one. */
export type Download = { readonly kind: 'content'; readonly text: string; readonly etag?: string } | { readonly kind: 'unchanged' };

/** Fetches the BLOB; never rejects. */
export type Downloader = (url: string, etag: string | undefined, signal: AbortSignal) => Promise<Result<Download, string>>;

/** Milliseconds that a slow line may take. */
const DEADLINE = 60_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ETAG = 256;

/**
 * Fetches the BLOB from the address that the administrator has set, and from no other: a redirection is an error.
 * Whatever comes is verified before it is used. `fetch` is not used: while a body is on its way, Node's no longer hears
 * its signal once the garbage collector has been at work.
 *
 * @param limit milliseconds for the whole of it.
 */
export async function downloadBlob(
  url: string,
  etag: string | undefined,
  signal: AbortSignal,
  limit = DEADLINE,
): Promise<Result<Download, string>> {
  const deadline = startDeadline(limit, [signal]);
  try {
    const response = await ask(new URL(url), etag, deadline.signal);
    try {
      return await read(response, etag !== undefined);
    } finally {
      // What was not read is of no use; the connection is not kept for it.
      response.destroy();
    }
  } catch (error) {
    if (signal.aborted) return failure('The download was ended.');
    if (deadline.signal.aborted) return failure('It could not be fetched: the server is too slow.');
    return failure(`It could not be fetched: ${error instanceof Error ? error.message : 'unknown reason'}`.slice(0, 512));
  } finally {
    deadline.end();
  }
}

function ask(url: URL, etag: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const get = url.protocol === 'https:' ? getByTls : getPlain;
  const headers = etag === undefined ? {} : { 'if-none-match': etag };
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers, signal }, resolve).on('error', reject);
  });
}

async function read(response: IncomingMessage, isConditional: boolean): Promise<Result<Download, string>> {
  const { statusCode = 0, headers } = response;
  if (statusCode === 304 && isConditional) return success({ kind: 'unchanged' });
  if (statusCode < 200 || statusCode > 299) return failure(`The server answered ${statusCode.toString()}.`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) return failure('The answer is too large.');
    chunks.push(chunk);
  }
  const content = { kind: 'content', text: Buffer.concat(chunks).toString('latin1') } as const;
  return success(headers.etag === undefined ? content : { ...content, etag: headers.etag.slice(0, MAX_ETAG) });
}
