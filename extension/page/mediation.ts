import type { PageMethod } from '../../shared/wire/page.ts';
import { convertCreationOptions, convertRequestOptions } from './convert-options.ts';
import { signalAborted } from './intrinsics.ts';

/** A call that is ours to serve: its options in JSON form and the page's abort signal. */
export interface MediatedCall {
  readonly options: unknown;
  readonly signal: AbortSignal | undefined;
}

/** Requests for other kinds of credentials, and extensions that are whole features of the browser. */
const NATIVE_ONLY_MEMBERS = ['password', 'federated', 'identity', 'otp', 'digital'] as const;
const NATIVE_ONLY_EXTENSIONS = {
  create: ['payment', 'remoteDesktopClientOverride', 'remoteClientDataJSON'],
  // Browsers take no notice of `payment` here: it is for registrations.
  get: ['remoteDesktopClientOverride', 'remoteClientDataJSON'],
} as const;

/**
 * Decides, from the arguments alone, whether a call can be served by a security key. Conditional, silent and
 * immediate mediation, platform attachment, lists that only name other transports, and whatever does not convert
 * are the browser's own.
 *
 * @returns `undefined` when the native function must be called.
 */
export function decideMediation(method: PageMethod, argument: unknown): MediatedCall | undefined {
  try {
    return convert(method, argument);
  } catch {
    // A getter of the page threw, or a member did not convert: the native function finds the same and says it right.
    return undefined;
  }
}

function convert(method: PageMethod, argument: unknown): MediatedCall | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const call = argument as Readonly<Record<string, unknown>>;
  for (let index = 0; index < NATIVE_ONLY_MEMBERS.length; index += 1) {
    const member = call[NATIVE_ONLY_MEMBERS[index] ?? ''];
    // `password: false` asks for none.
    if (member !== undefined && member !== false) return undefined;
  }
  const { mediation, publicKey, signal, uiMode } = call;
  if (publicKey === undefined || publicKey === null || uiMode !== undefined) return undefined;
  if (mediation !== undefined && mediation !== 'optional' && mediation !== 'required') return undefined;
  // Throws for whatever is no AbortSignal.
  if (signal !== undefined) signalAborted(signal);

  const options = method === 'create' ? convertCreationOptions(publicKey) : convertRequestOptions(publicKey);
  // The first hint that means anything comes before attachment and transports. Source: WebAuthn L3 §5.8.7.
  if (firstHint(options.hints) !== 'security-key') {
    if ('authenticatorSelection' in options && options.authenticatorSelection.authenticatorAttachment === 'platform') {
      return undefined;
    }
    if ('allowCredentials' in options && isUnreachable(options.allowCredentials)) return undefined;
  }
  const nativeOnly = NATIVE_ONLY_EXTENSIONS[method];
  for (let index = 0; index < nativeOnly.length; index += 1) {
    if (options.extensions?.[nativeOnly[index] ?? ''] !== undefined) return undefined;
  }
  return { options, signal: signal as AbortSignal | undefined };
}

function firstHint(hints: readonly string[] | undefined): string | undefined {
  for (let index = 0; hints !== undefined && index < hints.length; index += 1) {
    const hint = hints[index];
    if (hint === 'security-key' || hint === 'client-device' || hint === 'hybrid') return hint;
  }
  return undefined;
}

/** True for a list in which every credential says that it is on no security key (only internal or hybrid). */
function isUnreachable(list: readonly { readonly transports?: readonly string[] }[]): boolean {
  if (list.length === 0) return false;
  for (let index = 0; index < list.length; index += 1) {
    const transports = list[index]?.transports;
    if (transports === undefined || transports.length === 0) return false;
    for (let position = 0; position < transports.length; position += 1) {
      if (transports[position] !== 'internal' && transports[position] !== 'hybrid') return false;
    }
  }
  return true;
}
