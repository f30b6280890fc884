/**
 * The one envelope of every hop. A hop is a map of methods; `id` names a request for as long as it lives and ties
 * its events, its cancel and its response to it. No dependency: the page script uses this file too.
 */

/** Version of the protocol between the parts. A part that meets another version says so and stops. */
export const PROTOCOL_VERSION = 1;

/** Asks the other side for `method`. */
export interface RequestMessage {
  readonly v: 1;
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
}

/** Ends a request: with its result or with an error in the hop's own terms. */
export type ResponseMessage =
  | { readonly v: 1; readonly id: string; readonly ok: true; readonly result: unknown }
  | { readonly v: 1; readonly id: string; readonly ok: false; readonly error: unknown };

/** News about a request that is still running. */
export interface EventMessage {
  readonly v: 1;
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** The requester no longer wants the result; a response still follows. */
export interface CancelMessage {
  readonly v: 1;
  readonly id: string;
  readonly cancel: true;
}

/** What may cross a hop. */
export type Message = RequestMessage | ResponseMessage | EventMessage | CancelMessage;

/** A decoded envelope, told apart by `kind`. */
export type Envelope =
  | { readonly kind: 'request'; readonly message: RequestMessage }
  | { readonly kind: 'response'; readonly message: ResponseMessage }
  | { readonly kind: 'event'; readonly message: EventMessage }
  | { readonly kind: 'cancel'; readonly message: CancelMessage };

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Decodes the envelope of a message from across a boundary; what it carries is decoded by the hop.
 *
 * @returns `undefined` when the value is not an envelope of this version: an unknown version, an `id` that is not 1
 * to 64 characters of base64url, or members that fit none of the four kinds.
 */
export function decodeEnvelope(value: unknown): Envelope | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, id, method, params, ok, result, error, event, data, cancel } = value as Record<string, unknown>;
  if (v !== PROTOCOL_VERSION || typeof id !== 'string' || !ID.test(id)) return undefined;
  if (typeof method === 'string') return { kind: 'request', message: { v, id, method, params } };
  if (ok === true) return { kind: 'response', message: { v, id, ok, result } };
  if (ok === false) return { kind: 'response', message: { v, id, ok, error } };
  if (typeof event === 'string') return { kind: 'event', message: { v, id, event, data } };
  if (cancel === true) return { kind: 'cancel', message: { v, id, cancel } };
  return undefined;
}

/** Bounds on a value from across a boundary, before anything looks into it. */
export interface SizeLimits {
  readonly maxDepth: number;
  /** Characters of all strings and keys, plus one for every value. */
  readonly maxSize: number;
}

/** Generous for WebAuthn (64 credential IDs of 1023 bytes are 87 kB of base64url), small for an attacker. */
export const MESSAGE_LIMITS: SizeLimits = { maxDepth: 12, maxSize: 262_144 };

/**
 * Tells whether a plain value (as from JSON or structured cloning) stays within the limits.
 * Stops at the first excess, so an enormous value costs no more than an allowed one. Cycles exceed the depth.
 */
export function isWithinLimits(value: unknown, limits: SizeLimits = MESSAGE_LIMITS): boolean {
  let left = limits.maxSize;
  function walk(item: unknown, depth: number): boolean {
    left -= 1;
    if (typeof item === 'string') left -= item.length;
    else if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) left -= item.byteLength;
    if (left < 0 || depth > limits.maxDepth) return false;
    if (typeof item !== 'object' || item === null) return true;
    if (Array.isArray(item)) return item.every((entry) => walk(entry, depth + 1));
    return Object.entries(item).every(([key, entry]) => {
      left -= key.length;
      return walk(entry, depth + 1);
    });
  }
  return walk(value, 0);
}
