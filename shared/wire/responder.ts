import type { Result } from '../bytes/result.ts';
import { decodeEnvelope, type Message, PROTOCOL_VERSION } from './envelope.ts';
import {
  type DecodeError,
  decodeValue,
  type ErrorOf,
  type EventOf,
  type HopDefinition,
  methodOf,
  type MethodOf,
  type ParamsOf,
  type ResultOf,
} from './hop.ts';

/** What a handler gets besides the parameters. */
export interface RequestContext<Hop extends HopDefinition, Method extends MethodOf<Hop>, Caller> {
  /** The id that events, cancel and response share. */
  readonly id: string;
  /** Who asks, as the connection's owner knows it (for a page: the browser's sender). */
  readonly caller: Caller;
  /** Aborted by a cancel from the other side, and when the connection ends. */
  readonly signal: AbortSignal;
  readonly emit: (event: EventOf<Hop, Method>) => void;
}

/** One handler per method of the hop: a missing one does not compile. */
export type Handlers<Hop extends HopDefinition, Caller> = {
  readonly [Method in MethodOf<Hop>]: (
    params: ParamsOf<Hop, Method>,
    context: RequestContext<Hop, Method, Caller>,
  ) => Promise<Result<ResultOf<Hop, Method>, ErrorOf<Hop>>> | Result<ResultOf<Hop, Method>, ErrorOf<Hop>>;
};

/** What came in and could not be served. `id` is absent when the message was no envelope. */
export type Violation =
  | { readonly kind: 'malformedMessage'; readonly id?: undefined }
  | { readonly kind: 'duplicateId'; readonly id: string }
  | { readonly kind: 'unknownMethod'; readonly id: string; readonly method: string }
  | { readonly kind: 'invalidParams'; readonly id: string; readonly method: string; readonly error: DecodeError };

/** The answering side of a hop. */
export interface Responder {
  /** Takes a message from the other side; never throws. */
  receive(value: unknown): void;
  /** The connection ended: aborts every running request; nothing is sent any more. */
  disconnected(): void;
  /** Requests that still run. */
  readonly running: number;
}

/** What the responder is built from. */
export interface ResponderOptions<Hop extends HopDefinition, Caller> {
  readonly hop: Hop;
  readonly caller: Caller;
  readonly handlers: Handlers<Hop, Caller>;
  readonly send: (message: Message) => void;
  /** Decides what a violation costs: an error as answer (returned here), or `undefined` and the connection's end. */
  readonly onViolation: (violation: Violation) => ErrorOf<Hop> | undefined;
  /** A handler threw: a bug. Gets what was thrown, for the log, and gives the error for the other side. */
  readonly onFault: (fault: unknown, method: string) => ErrorOf<Hop>;
}

type AnyHandler = (
  params: unknown,
  context: { id: string; caller: unknown; signal: AbortSignal; emit: (event: { event: string; data: unknown }) => void },
) => Promise<Result<unknown, unknown>> | Result<unknown, unknown>;

/**
 * Builds the answering side of a hop over any connection: it decodes requests, runs their handlers, keeps the table
 * of live requests, routes cancels to them and sends exactly one response for each.
 */
export function createResponder<Hop extends HopDefinition, Caller>(options: ResponderOptions<Hop, Caller>): Responder {
  const { hop, handlers, caller, send, onViolation, onFault } = options;
  const live = new Map<string, AbortController>();
  let connected = true;

  function respond(id: string, outcome: Result<unknown, unknown>): void {
    live.delete(id);
    if (!connected) return;
    if (outcome.ok) send({ v: PROTOCOL_VERSION, id, ok: true, result: outcome.value });
    else send({ v: PROTOCOL_VERSION, id, ok: false, error: outcome.error });
  }

  function violate(violation: Violation): void {
    const error = onViolation(violation);
    if (error === undefined || violation.id === undefined || violation.kind === 'duplicateId' || !connected) return;
    send({ v: PROTOCOL_VERSION, id: violation.id, ok: false, error });
  }

  async function run(id: string, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    live.set(id, controller);
    const handler = (handlers as unknown as Readonly<Record<string, AnyHandler>>)[method];
    try {
      const outcome = await handler?.(params, {
        id,
        caller,
        signal: controller.signal,
        emit({ event, data }) {
          if (connected && live.get(id) === controller) send({ v: PROTOCOL_VERSION, id, event, data });
        },
      });
      if (outcome !== undefined) respond(id, outcome);
    } catch (fault) {
      respond(id, { ok: false, error: onFault(fault, method) });
    }
  }

  return {
    receive(value) {
      const envelope = decodeEnvelope(value);
      if (envelope?.kind === 'cancel') {
        live.get(envelope.message.id)?.abort();
        return;
      }
      if (envelope?.kind !== 'request') {
        violate({ kind: 'malformedMessage' });
        return;
      }
      const { id, method, params } = envelope.message;
      if (live.has(id)) {
        violate({ kind: 'duplicateId', id });
        return;
      }
      const definition = methodOf(hop, method);
      if (definition === undefined) {
        violate({ kind: 'unknownMethod', id, method: method.slice(0, 64) });
        return;
      }
      const decoded = decodeValue(definition.params, params);
      if (!decoded.ok) {
        violate({ kind: 'invalidParams', id, method, error: decoded.error });
        return;
      }
      void run(id, method, decoded.value);
    },

    disconnected() {
      connected = false;
      for (const controller of live.values()) controller.abort();
    },

    get running() {
      return live.size;
    },
  };
}
