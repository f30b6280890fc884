import type { ErrorOf } from '../../shared/wire/hop.ts';
import type { NativeHop } from '../../shared/wire/native.ts';
import type { Handlers } from '../../shared/wire/responder.ts';
import { failure } from '../../shared/bytes/result.ts';
import type { Caller } from './caller.ts';

/** The hop's error. */
export type WireError = ErrorOf<NativeHop>;

/** All handlers of the host. */
export type HostHandlers = Handlers<NativeHop, Caller>;

/** Builds the bad answer. The text is cut to what the hop carries. */
export function wireFailure(reason: WireError['reason'], message: string): { readonly ok: false; readonly error: WireError } {
  return failure({ reason, message: message.slice(0, 1024) });
}
