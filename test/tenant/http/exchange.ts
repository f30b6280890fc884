import { type AcceptedOrigin } from '../relying-party.ts';
import { type Session, type SignedIn } from '../sessions.ts';
import { type Reply } from './reply.ts';

/** A request to a route that needs no session. */
export interface OpenExchange {
  readonly url: URL;
}

/** A request, decoded as far as every route needs it. */
export interface Exchange extends OpenExchange {
  /** The accepted origin the request came to; the first accepted one on pages that answer under any address. */
  readonly site: AcceptedOrigin;
  /** Form fields of a POST with a form body; empty otherwise. */
  readonly form: URLSearchParams;
  /** The JSON body of a POST to the API; undefined otherwise. */
  readonly json: unknown;
  /** The session; a route may replace it, and the browser then gets the new cookie. */
  session: Session;
}

/** An exchange whose person is known. */
export interface SignedInExchange extends Exchange {
  readonly signedIn: SignedIn;
}

/**
 * A route of the tenant, by what it asks of the session:
 * `open` nothing, `session` any session, and for a POST the form token,
 * `signed-in` a person, `fresh` a person who signed in within the last five minutes.
 */
export type Route =
  | { readonly method: 'GET'; readonly path: string; readonly access: 'open'; readonly handle: Handler<OpenExchange> }
  | { readonly method: 'GET' | 'POST'; readonly path: string; readonly access: 'session'; readonly handle: Handler<Exchange> }
  | { readonly method: 'GET' | 'POST'; readonly path: string; readonly access: 'signed-in' | 'fresh'; readonly handle: Handler<SignedInExchange> };

type Handler<Kind extends OpenExchange> = (exchange: Kind) => Reply | Promise<Reply>;
