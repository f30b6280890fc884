import * as v from 'valibot';
import { findUserById } from '../data.ts';
import { type Route } from '../http/exchange.ts';
import { jsonRefusal, jsonReply } from '../http/reply.ts';
import { refusal } from '../refusals.ts';
import { reportRefusal, signInWithCode, signInWithKey, signOut } from './actions.ts';
import { type RouteParts } from './parts.ts';

const registrationOptionsSchema = v.object({ device: v.optional(v.picklist(['usb', 'nfc']), 'usb') });
const registrationSchema = v.object({ response: v.unknown(), name: v.optional(v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(64)), 'Security key') });
const authenticationOptionsSchema = v.object({ userName: v.optional(v.pipe(v.string(), v.maxLength(64))) });
const authenticationSchema = v.object({ response: v.unknown() });
const codeSchema = v.object({ userName: v.pipe(v.string(), v.maxLength(64)), code: v.pipe(v.string(), v.maxLength(64)) });

/** The JSON API: answers `{ok: true, ...}` or `{ok: false, reason, message}`. A POST needs the header `x-csrf-token` (see `GET /api/me`). */
export function apiRoutes(parts: RouteParts): readonly Route[] {
  const badRequest = () => jsonRefusal(refusal('bad-request'));
  return [
    {
      method: 'GET',
      path: '/api/me',
      access: 'session',
      handle: ({ session }) => {
        const { signedIn } = session;
        const user = signedIn && findUserById(parts.store.data, signedIn.userId);
        return jsonReply({
          ok: true,
          csrfToken: session.csrfToken,
          user: user ? { id: user.id, name: user.name, displayName: user.displayName, signedInWith: signedIn.method } : null,
          credentials: user?.credentials.map(({ publicKey: _publicKey, ...shown }) => ({ ...shown, model: parts.modelName(shown.aaguid) })) ?? [],
        });
      },
    },
    {
      method: 'POST',
      path: '/api/registration/options',
      access: 'fresh',
      handle: async ({ json, session, signedIn, site }) => {
        const body = v.safeParse(registrationOptionsSchema, json);
        if (!body.success) return badRequest();
        const outcome = await parts.relyingParty.registrationOptions(session, signedIn.userId, site.rpId, body.output.device);
        return outcome.ok ? jsonReply({ ok: true, options: outcome.value }) : jsonRefusal(outcome.refusal);
      },
    },
    {
      method: 'POST',
      path: '/api/registration/verify',
      access: 'signed-in',
      handle: async ({ json, session }) => {
        const body = v.safeParse(registrationSchema, json);
        if (!body.success) return badRequest();
        const outcome = await parts.relyingParty.verifyRegistration(session, body.output.response, body.output.name);
        if (!outcome.ok) {
          reportRefusal(parts, 'registration', outcome.refusal);
          return jsonRefusal(outcome.refusal);
        }
        const { user, credential, userVerified } = outcome.value;
        const { id: credentialId, aaguid, fmt, transports } = credential;
        session.notice = { result: 'verified', text: 'Your key was verified. Give it a name.' };
        parts.events.add({ type: 'registered', at: parts.clock(), userName: user.name, credentialId, aaguid, fmt, userVerified, transports });
        return jsonReply({ ok: true, credentialId, aaguid, fmt, userVerified, model: parts.modelName(aaguid) });
      },
    },
    {
      method: 'POST',
      path: '/api/authentication/options',
      access: 'session',
      handle: async ({ json, session, site }) => {
        const body = v.safeParse(authenticationOptionsSchema, json);
        if (!body.success) return badRequest();
        const outcome = await parts.relyingParty.authenticationOptions(session, site.rpId, body.output.userName);
        if (outcome.ok) return jsonReply({ ok: true, options: outcome.value });
        reportRefusal(parts, 'sign-in', outcome.refusal);
        return jsonRefusal(outcome.refusal);
      },
    },
    {
      method: 'POST',
      path: '/api/authentication/verify',
      access: 'session',
      handle: async (exchange) => {
        const body = v.safeParse(authenticationSchema, exchange.json);
        if (!body.success) return badRequest();
        const outcome = await parts.relyingParty.verifyAuthentication(exchange.session, body.output.response);
        if (!outcome.ok) {
          reportRefusal(parts, 'sign-in', outcome.refusal);
          return jsonRefusal(outcome.refusal);
        }
        signInWithKey(parts, exchange, outcome.value);
        const { user, credential, userVerified } = outcome.value;
        return jsonReply({ ok: true, userName: user.name, credentialId: credential.id, userVerified, csrfToken: exchange.session.csrfToken });
      },
    },
    {
      method: 'POST',
      path: '/api/sign-in/code',
      access: 'session',
      handle: async (exchange) => {
        const body = v.safeParse(codeSchema, exchange.json);
        if (!body.success) return badRequest();
        const refused = await signInWithCode(parts, exchange, body.output.userName, body.output.code);
        return refused ? jsonRefusal(refused) : jsonReply({ ok: true, csrfToken: exchange.session.csrfToken });
      },
    },
    {
      method: 'POST',
      path: '/api/sign-out',
      access: 'signed-in',
      handle: (exchange) => {
        signOut(parts, exchange);
        return jsonReply({ ok: true, csrfToken: exchange.session.csrfToken });
      },
    },
  ];
}
