import { type Html } from '../pages/html.ts';
import { type Refusal, refusalStatus } from '../refusals.ts';

/** An HTTP answer as a value. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Scripts and styles only from the tenant itself, no frames: what a careful sign-in page sends. */
const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

/** A page of the tenant proper. */
export function pageReply(page: Html, status = 200): Reply {
  return { status, headers: PAGE_HEADERS, body: page.text };
}

/** A page for tests: no content security policy, may be framed by anybody. */
export function labReply(page: Html): Reply {
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, body: page.text };
}

/** An answer of the JSON API. */
export function jsonReply(value: unknown, status = 200): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    body: JSON.stringify(value),
  };
}

/** A refusal of the JSON API: `{ok: false, reason, message}`. */
export function jsonRefusal({ reason, message }: Refusal): Reply {
  return jsonReply({ ok: false, reason, message }, refusalStatus(reason));
}

/** Sends the browser on with a GET (303 See Other). `location` is a path of this site. */
export function redirect(location: string): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store' }, body: '' };
}
