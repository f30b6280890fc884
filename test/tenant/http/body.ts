import { type IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 512 * 1024;

/** The body of a request as text, or why there is none. */
export type Body = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: 'body-too-large' | 'bad-request' };

/** Reads a request body of at most 512 KiB of UTF-8. The server's request timeout is the deadline. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) return { ok: false, reason: 'bad-request' };
    length += chunk.length;
    // The rest is read and dropped: leaving now would cut the connection before the answer.
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (length > MAX_BODY_BYTES) return { ok: false, reason: 'body-too-large' };
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch {
    return { ok: false, reason: 'bad-request' }; // Not UTF-8.
  }
}

/** JSON of untrusted form, or undefined when the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The route refuses undefined like any other wrong form.
  }
}

/** The value of a cookie in a `Cookie` header. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  return header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
