import type { Session } from './hello.ts';
import { type HostHandlers, wireFailure } from './wire-error.ts';

type AnyHandler = (...args: never[]) => unknown;

/** Wraps handlers so that they refuse to work before `host.hello` has succeeded. */
export function requireHello<Some extends Partial<HostHandlers>>(session: Session, handlers: Some): Some {
  const wrapped: Record<string, AnyHandler> = {};
  for (const [method, handler] of Object.entries<AnyHandler>(handlers as unknown as Record<string, AnyHandler>)) {
    wrapped[method] = (...args) =>
      session.greeted ? handler(...args) : wireFailure('notExpected', 'host.hello comes first.');
  }
  return wrapped as unknown as Some;
}
