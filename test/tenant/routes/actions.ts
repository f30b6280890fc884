import { type TenantUser } from '../data.ts';
import { type SignInMethod } from '../events.ts';
import { type Exchange, type SignedInExchange } from '../http/exchange.ts';
import { type Refusal } from '../refusals.ts';
import { type VerifiedCredential } from '../relying-party.ts';
import { type RouteParts } from './parts.ts';

// What pages and API have in common: each action changes the session and writes the event.

/** Signs in with an access code; undefined when it worked. */
export async function signInWithCode(parts: RouteParts, exchange: Exchange, userName: string, code: string): Promise<Refusal | undefined> {
  const outcome = await parts.codes.redeem(userName, code);
  if (!outcome.ok) {
    reportRefusal(parts, 'sign-in', outcome.refusal);
    return outcome.refusal;
  }
  openSession(parts, exchange, outcome.user, 'access-code', undefined);
  return undefined;
}

/** Signs in the owner of a verified credential. */
export function signInWithKey(parts: RouteParts, exchange: Exchange, verified: VerifiedCredential): void {
  openSession(parts, exchange, verified.user, 'security-key', verified);
}

/** Ends the session; the browser gets an anonymous one. */
export function signOut(parts: RouteParts, exchange: SignedInExchange): void {
  const userName = userNameOf(parts, exchange.signedIn.userId);
  parts.sessions.end(exchange.session);
  exchange.session = parts.sessions.startAnonymous();
  exchange.session.notice = { result: 'signed-out', text: 'You are signed out.' };
  parts.events.add({ type: 'signed-out', at: parts.clock(), userName });
}

/** Writes a refusal of a ceremony into the log. */
export function reportRefusal(parts: RouteParts, during: 'registration' | 'sign-in', { reason, detail }: Refusal): void {
  parts.events.add({ type: 'refused', at: parts.clock(), during, reason, detail });
}

/** The name of a user by handle; "unknown" for a user that is gone. */
export function userNameOf(parts: RouteParts, userId: string): string {
  return parts.store.data.users.find(({ id }) => id === userId)?.name ?? 'unknown';
}

/** The path to go on to after a sign-in: a path of this site, and nothing else. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/[a-z-]+(\/[a-z-]+)*$/.test(next) ? next : '/account';
}

function openSession(
  parts: RouteParts,
  exchange: Exchange,
  user: TenantUser,
  method: SignInMethod,
  verified: VerifiedCredential | undefined,
): void {
  exchange.session = parts.sessions.signIn(exchange.session, user.id, method);
  const how = method === 'security-key' ? 'a security key' : 'a temporary access code';
  exchange.session.notice = { result: 'signed-in', text: `Signed in as ${user.displayName} with ${how}.` };
  parts.events.add({
    type: 'signed-in',
    at: parts.clock(),
    userName: user.name,
    method,
    credentialId: verified?.credential.id,
    userVerified: verified?.userVerified ?? false,
  });
}
