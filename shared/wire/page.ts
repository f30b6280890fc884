import type { AuthenticationResponseJson, RegistrationResponseJson } from '../webauthn/json.ts';
import { type Envelope, decodeEnvelope, isWithinLimits, PROTOCOL_VERSION } from './envelope.ts';

/**
 * The hop between the page script and the relay: one MessagePort per request, handed over through a port that is
 * exchanged before any script of the page runs. Everything that comes out of the page is untrusted.
 * No schema library here: the page script must stay small.
 */

/** DOM event by which page script and relay hand over their port at document_start, before any script of the page can listen. */
export const HANDSHAKE_EVENT = 'keystile-handshake';

/** DOM event by which a relay that starts after the page script asks for the handshake again. */
export const RELAY_READY_EVENT = 'keystile-relay-ready';

/** Name of the runtime port between the relay and the background. */
export const RELAY_PORT_NAME = 'keystile-relay';

/** The two calls that are mediated; their parameters are `{options}`, the options in JSON form, decoded by the background. */
export type PageMethod = 'create' | 'get';

/** Why the page script must call the browser's own function instead. */
export const StandAsideReason = {
  hostUnavailable: 'hostUnavailable',
  paused: 'paused',
  excluded: 'excluded',
  notApplicable: 'notApplicable',
  chosenByUser: 'chosenByUser',
  /** The administrator wants calls to come by the browser's own proxy; the browser's function leads there. */
  proxied: 'proxied',
} as const;
export type StandAsideReason = (typeof StandAsideReason)[keyof typeof StandAsideReason];

/** Result of both methods. */
export type PageResult =
  | { readonly outcome: 'credential'; readonly credential: RegistrationResponseJson | AuthenticationResponseJson }
  | { readonly outcome: 'standAside'; readonly reason: StandAsideReason };

/** The exception that the page gets: a DOMException of that name, or a TypeError. */
export interface PageError {
  readonly name: string;
  readonly message: string;
}

/** What the page gets when no answer can come any more: the worker ended, or the answer cannot be used. */
export const LOST_ANSWER: PageError = {
  name: 'NotAllowedError',
  message: 'The operation either timed out or was not allowed.',
};

/** What the relay accepts from the page script: a request for one of the two methods, or a cancel, within the limits. */
export function decodeFromPage(value: unknown): Envelope | undefined {
  if (!isWithinLimits(value)) return undefined;
  const envelope = decodeEnvelope(value);
  if (envelope?.kind === 'cancel') return envelope;
  if (envelope?.kind !== 'request') return undefined;
  return envelope.message.method === 'create' || envelope.message.method === 'get' ? envelope : undefined;
}

/** How a request ended, as the page script sees it. */
export type PageAnswer =
  | { readonly ok: true; readonly result: PageResult }
  | { readonly ok: false; readonly error: PageError };

/**
 * Decodes the background's answer. It comes from the trusted side, so only its shape is checked.
 *
 * @returns `undefined` for anything that is not an answer.
 */
export function decodePageAnswer(value: unknown): PageAnswer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // Without decodeEnvelope: the page may have replaced what a regular expression works with.
  const { v, ok } = value as Record<string, unknown>;
  return v === PROTOCOL_VERSION && typeof ok === 'boolean' ? (value as PageAnswer) : undefined;
}
