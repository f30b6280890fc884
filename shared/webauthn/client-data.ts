import { encodeBase64url } from '../bytes/base64url.ts';
import { type Bytes, encodeUtf8 } from '../bytes/bytes.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import { type StructureError, structureError } from './errors.ts';

/** `type` member of client data, by ceremony. */
export const ClientDataType = { create: 'webauthn.create', get: 'webauthn.get' } as const;
export type ClientDataType = (typeof ClientDataType)[keyof typeof ClientDataType];

/** What client data says. `origin` and `topOrigin` are serialised origins. */
export interface ClientDataInput {
  readonly type: ClientDataType;
  readonly challenge: Bytes;
  readonly origin: string;
  /** The calling frame is not same-origin with all its ancestors. */
  readonly crossOrigin: boolean;
  /** Only present together with `crossOrigin: true`. */
  readonly topOrigin?: string;
}

/** Client data as parsed from a response; strings are as they stand there, unchecked. */
export interface CollectedClientData {
  readonly type: string;
  /** base64url text. */
  readonly challenge: string;
  readonly origin: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
}

/** Bytes of client data that {@link parseClientData} looks at, far above what browsers make. */
const MAX_CLIENT_DATA_BYTES = 131_072;
const MAX_CLIENT_DATA_DEPTH = 16;

/**
 * Builds `clientDataJSON`: the exact bytes that are hashed, verified and returned to the page.
 *
 * Source: WebAuthn L3 §5.8.1.1 "Serialization".
 */
export function buildClientData({ type, challenge, origin, crossOrigin, topOrigin }: ClientDataInput): Bytes {
  const members = [
    `"type":${ccdToString(type)}`,
    `"challenge":${ccdToString(encodeBase64url(challenge))}`,
    `"origin":${ccdToString(origin)}`,
    `"crossOrigin":${crossOrigin ? 'true' : 'false'}`,
  ];
  if (topOrigin !== undefined) members.push(`"topOrigin":${ccdToString(topOrigin)}`);
  return encodeUtf8(`{${members.join(',')}}`);
}

/** §5.8.1.1 "CCDToString": quotation mark, backslash and control characters are escaped, all else stands as it is. */
function ccdToString(value: string): string {
  let encoded = '"';
  for (const character of value) {
    if (character === '"' || character === '\\') encoded += `\\${character}`;
    else if (character < ' ') encoded += `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    else encoded += character;
  }
  return `${encoded}"`;
}

/**
 * Parses `clientDataJSON` as it came in a response. Unknown members are allowed and their order is free. On purpose
 * stricter than "UTF-8 decode" plus `JSON.parse`: invalid UTF-8 and a member given twice are refused, because no client
 * writes them and two readers may understand them differently. A byte order mark is dropped, as the specification does.
 *
 * Source: WebAuthn L3 §7.1 steps 5 and 6, §7.2 steps 8 and 9, §5.8.1.
 */
export function parseClientData(bytes: Uint8Array): Result<CollectedClientData, StructureError> {
  if (bytes.length > MAX_CLIENT_DATA_BYTES) return broken('It is too large.');
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return broken('It is not valid UTF-8.');
  }
  try {
    value = JSON.parse(text);
  } catch {
    return broken('It is not JSON.');
  }
  const outline = outlineJson(text);
  if (outline.depth > MAX_CLIENT_DATA_DEPTH) return broken('It is nested too deeply.');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return broken('It is not a JSON object.');
  const names = outline.names.map((name): unknown => JSON.parse(name));
  if (new Set(names).size !== names.length) return broken('A member is given twice.');
  return readMembers(value as Readonly<Record<string, unknown>>);
}

function readMembers(value: Readonly<Record<string, unknown>>): Result<CollectedClientData, StructureError> {
  // Own members only: `__proto__` in the text must not supply any.
  const member = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  const type = member('type');
  const challenge = member('challenge');
  const origin = member('origin');
  const crossOrigin = member('crossOrigin');
  const topOrigin = member('topOrigin');
  if (typeof type !== 'string') return broken('type is not a string.');
  if (typeof challenge !== 'string') return broken('challenge is not a string.');
  if (typeof origin !== 'string') return broken('origin is not a string.');
  if (crossOrigin !== undefined && typeof crossOrigin !== 'boolean') return broken('crossOrigin is not a boolean.');
  if (topOrigin !== undefined && typeof topOrigin !== 'string') return broken('topOrigin is not a string.');
  return success({
    type,
    challenge,
    origin,
    ...(crossOrigin === undefined ? {} : { crossOrigin }),
    ...(topOrigin === undefined ? {} : { topOrigin }),
  });
}

/** Depth of a valid JSON text, and the names of its outermost object's members as they are written (quoted). */
function outlineJson(text: string): { readonly depth: number; readonly names: readonly string[] } {
  const names: string[] = [];
  let level = 0;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      const end = endOfString(text, index);
      if (level === 1 && isName(text, end)) names.push(text.slice(index, end));
      index = end - 1;
    } else if (character === '{' || character === '[') {
      level += 1;
      depth = Math.max(depth, level);
    } else if (character === '}' || character === ']') {
      level -= 1;
    }
  }
  return { depth, names };
}

/** Index behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

/** Whether the string that ends before `end` is followed by a colon. */
function isName(text: string, end: number): boolean {
  let index = end;
  while (text[index] === ' ' || text[index] === '\t' || text[index] === '\n' || text[index] === '\r') index += 1;
  return text[index] === ':';
}

function broken(detail: string): Result<never, StructureError> {
  return failure(structureError('clientData', detail));
}
