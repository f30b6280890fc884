import { type SoftwareKey, type SoftwareRequest } from './software-key.ts';

/** An answer of the JSON API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** An answer of a page. */
export interface PageAnswer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
  /** `data-result` of the page. */
  readonly result: string | undefined;
  /** `data-error` of the page. */
  readonly error: string | undefined;
}

const DEADLINE_MS = 10_000;

/** A browser without WebAuthn: one cookie, one form token, real HTTP. */
export class TenantClient {
  readonly origin: string;
  cookie: string | undefined;
  setCookie: string | undefined;
  csrfToken = '';

  constructor(origin: string) {
    this.origin = origin;
  }

  /** The HTTP exchange itself; keeps the cookie. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookie !== undefined) headers.set('cookie', this.cookie);
    const response = await fetch(this.origin + path, {
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_MS),
      ...init,
      headers,
    });
    const setCookie = response.headers.get('set-cookie');
    if (setCookie !== null) {
      this.setCookie = setCookie;
      this.cookie = setCookie.split(';')[0];
    }
    return response;
  }

  /** Gets a page and keeps its form token. */
  async page(path: string): Promise<PageAnswer> {
    return this.#pageAnswer(await this.fetch(path));
  }

  /** Posts a form with the token of the last page. */
  async submit(path: string, fields: Readonly<Record<string, string>>): Promise<PageAnswer> {
    return this.#pageAnswer(await this.fetch(path, { method: 'POST', body: new URLSearchParams({ csrf: this.csrfToken, ...fields }) }));
  }

  /** `GET /api/me`; keeps the form token. */
  async me(): Promise<ApiAnswer> {
    return this.#apiAnswer(await this.fetch('/api/me'));
  }

  /** Posts JSON to the API. */
  async api(path: string, body: unknown): Promise<ApiAnswer> {
    return this.#apiAnswer(
      await this.fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': this.csrfToken },
        body: JSON.stringify(body),
      }),
    );
  }

  /** Signs in with an access code. */
  async signInWithCode(userName: string, code: string): Promise<ApiAnswer> {
    await this.me();
    return this.api('/api/sign-in/code', { userName, code });
  }

  /** Registers `key` for the person signed in; `wrong` replaces parts of what the key is asked. */
  async register(key: SoftwareKey, wrong: Partial<SoftwareRequest> = {}): Promise<ApiAnswer> {
    const { body } = await this.api('/api/registration/options', {});
    const options = body['options'] as { challenge: string; rp: { id: string } } | undefined;
    if (!options) throw new Error(`The tenant gave no options: ${JSON.stringify(body)}`);
    const request = { challenge: options.challenge, origin: this.origin, rpId: options.rp.id, ...wrong };
    return this.api('/api/registration/verify', { response: key.register(request) });
  }

  /** Signs in with `key`; `wrong` replaces parts of what the key is asked. */
  async signIn(key: SoftwareKey, userHandle: string | undefined, wrong: Partial<SoftwareRequest> = {}, userName?: string): Promise<ApiAnswer> {
    await this.me();
    const { body } = await this.api('/api/authentication/options', userName === undefined ? {} : { userName });
    const options = body['options'] as { challenge: string; rpId: string } | undefined;
    if (!options) throw new Error(`The tenant gave no options: ${JSON.stringify(body)}`);
    const request = { challenge: options.challenge, origin: this.origin, rpId: options.rpId, ...wrong };
    return this.api('/api/authentication/verify', { response: key.authenticate(request, userHandle) });
  }

  async #pageAnswer(response: Response): Promise<PageAnswer> {
    const text = await response.text();
    this.csrfToken = /<meta name="csrf-token" content="([^"]+)">/.exec(text)?.[1] ?? this.csrfToken;
    return {
      status: response.status,
      text,
      location: response.headers.get('location'),
      result: /data-result="([^"]+)"/.exec(text)?.[1],
      error: /data-error="([^"]+)"/.exec(text)?.[1],
    };
  }

  async #apiAnswer(response: Response): Promise<ApiAnswer> {
    const body = (await response.json()) as Record<string, unknown>;
    if (typeof body['csrfToken'] === 'string') this.csrfToken = body['csrfToken'];
    return { status: response.status, body };
  }
}
