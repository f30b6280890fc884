import { type IncomingMessage, type ServerResponse } from 'node:http';
import { refusalPage } from '../pages/refusal.ts';
import { type Refusal, refusal, refusalStatus } from '../refusals.ts';
import { type AcceptedOrigin } from '../relying-party.ts';
import { isCsrfToken, type Session, type Sessions } from '../sessions.ts';
import { parseJson, readBody, readCookie } from './body.ts';
import { type Exchange, type Route } from './exchange.ts';
import { jsonRefusal, pageReply, redirect, type Reply } from './reply.ts';

/** What a listener is made of. */
export interface ListenerParts {
  readonly routes: readonly Route[];
  readonly sessions: Sessions;
  /** The origins this server answers as; never empty. */
  readonly origins: readonly [AcceptedOrigin, ...AcceptedOrigin[]];
  readonly isHttps: boolean;
  readonly cookieName: string;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onInternalError: (error: unknown) => void;
}

/** Answers HTTP requests: finds the route, keeps the session, checks host, form token and sign-in, turns a bug into a 500. */
export class Listener {
  readonly #parts: ListenerParts;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#routes = new Map(parts.routes.map((route) => [`${route.method} ${route.path}`, route]));
  }

  /** Answers one request; never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isApi = request.url?.startsWith('/api/') === true;
    const known = this.#findSession(request);
    let session = known;
    let reply: Reply;
    try {
      const answered = await this.#reply(request, known, isApi);
      reply = answered.reply;
      session = answered.session;
    } catch (error) {
      // The browser went away in mid-request: nobody to tell, nothing went wrong here.
      if (request.destroyed && !request.complete) return;
      this.#parts.onInternalError(error);
      reply = refusalReply(refusal('internal-error'), isApi);
    }
    const headers: Record<string, string> = { ...reply.headers };
    if (session && session !== known) headers['set-cookie'] = this.#cookie(session);
    response.writeHead(reply.status, headers);
    response.end(reply.body);
  }

  async #reply(
    request: IncomingMessage,
    known: Session | undefined,
    isApi: boolean,
  ): Promise<{ reply: Reply; session: Session | undefined }> {
    const refuse = (refused: Refusal): { reply: Reply; session: Session | undefined } => {
      this.#parts.onRefused(refused);
      return { reply: refusalReply(refused, isApi), session: known };
    };
    const url = parseUrl(request, this.#parts.isHttps);
    if (!url) return refuse(refusal('bad-request', 'the request target is not a path'));
    const site = this.#parts.origins.find(({ origin }) => origin === url.origin);
    // Test pages answer under every name: tests map foreign domains to this server.
    if (!site && !url.pathname.startsWith('/lab/')) {
      return refuse(refusal('wrong-host', `host ${request.headers.host ?? 'missing'}`));
    }
    const route = this.#routes.get(`${request.method ?? ''} ${url.pathname}`);
    if (!route) return refuse(this.#noRoute(url.pathname));

    if (route.access === 'open') return { reply: await route.handle({ url }), session: known };

    const body = route.method === 'POST' ? await readBody(request) : ({ ok: true, text: '' } as const);
    if (!body.ok) return refuse(refusal(body.reason));
    const contentType = request.headers['content-type']?.split(';')[0]?.trim();
    const form = new URLSearchParams(contentType === 'application/x-www-form-urlencoded' ? body.text : '');
    if (route.method === 'POST' && !this.#isOwnForm(request, form, known)) return refuse(refusal('csrf'));
    const exchange: Exchange = {
      url,
      site: site ?? this.#parts.origins[0],
      form,
      json: isApi && contentType === 'application/json' ? parseJson(body.text) : undefined,
      session: known ?? this.#parts.sessions.startAnonymous(),
    };
    return { reply: await this.#handle(route, exchange, isApi), session: exchange.session };
  }

  async #handle(route: Exclude<Route, { access: 'open' }>, exchange: Exchange, isApi: boolean): Promise<Reply> {
    if (route.access === 'session') return route.handle(exchange);
    const { signedIn } = exchange.session;
    const isAllowed = route.access === 'signed-in' || this.#parts.sessions.isFresh(exchange.session);
    if (signedIn && isAllowed) return route.handle(Object.assign(exchange, { signedIn }));
    const refused = refusal(signedIn ? 'sign-in-stale' : 'sign-in-needed');
    if (isApi) return jsonRefusal(refused);
    exchange.session.notice = { result: refused.reason, text: refused.message, isError: true };
    return redirect(`/sign-in?next=${encodeURIComponent(route.method === 'GET' ? exchange.url.pathname : '/security-info')}`);
  }

  /** A POST must carry the session's token, and its Origin, where the browser sends one, must be ours. */
  #isOwnForm(request: IncomingMessage, form: URLSearchParams, session: Session | undefined): boolean {
    const { origin } = request.headers;
    if (origin !== undefined && !this.#parts.origins.some((accepted) => accepted.origin === origin)) return false;
    const header = request.headers['x-csrf-token'];
    const token = typeof header === 'string' ? header : form.get('csrf');
    return session !== undefined && token !== null && isCsrfToken(session, token);
  }

  #noRoute(pathname: string): Refusal {
    const isKnown = this.#parts.routes.some(({ path }) => path === pathname);
    return refusal(isKnown ? 'wrong-method' : 'not-found', pathname.slice(0, 200));
  }

  #findSession(request: IncomingMessage): Session | undefined {
    const id = readCookie(request.headers.cookie, this.#parts.cookieName);
    return id === undefined ? undefined : this.#parts.sessions.find(id);
  }

  #cookie(session: Session): string {
    return `${this.#parts.cookieName}=${session.id}; Path=/; HttpOnly; SameSite=Lax${this.#parts.isHttps ? '; Secure' : ''}`;
  }
}

function refusalReply(refused: Refusal, isApi: boolean): Reply {
  return isApi ? jsonRefusal(refused) : pageReply(refusalPage(refused), refusalStatus(refused.reason));
}

function parseUrl(request: IncomingMessage, isHttps: boolean): URL | undefined {
  const { url, headers } = request;
  // Absolute request targets ("GET http://other/") are for proxies; this is none.
  if (!url?.startsWith('/') || url.startsWith('//')) return undefined;
  const text = `${isHttps ? 'https' : 'http'}://${headers.host ?? ''}${url}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}
