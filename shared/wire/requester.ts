import { failure, type Result } from '../bytes/result.ts';
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

/** Why a request has no result: the other side's error, an answer that does not decode, or a connection that ended. */
export type RequestFailure<Hop extends HopDefinition> =
  | { readonly kind: 'error'; readonly error: ErrorOf<Hop> }
  | DecodeError
  | { readonly kind: 'disconnected' };

/** What a request may bring along. */
export interface RequestOptions<Hop extends HopDefinition, Method extends MethodOf<Hop>> {
  readonly onEvent?: (event: EventOf<Hop, Method>) => void;
  /** Aborting sends a cancel; the promise still settles with the other side's response (or the disconnect). */
  readonly signal?: AbortSignal;
  /** For a requester whose ids are chosen by the caller (inputs name the request that they are for). */
  readonly id?: string;
}

/**
 * What became of a message: `taken` by a running request; `late`, for a request that has ended (or never was); or
 * `malformed`, no message of this hop, which a boundary answers by closing the connection.
 */
export type Received = 'taken' | 'late' | 'malformed';

/** The asking side of a hop. */
export interface Requester<Hop extends HopDefinition> {
  /** Sends a request; never rejects. */
  request<Method extends MethodOf<Hop>>(
    method: Method,
    params: ParamsOf<Hop, Method>,
    options?: RequestOptions<Hop, Method>,
  ): Promise<Result<ResultOf<Hop, Method>, RequestFailure<Hop>>>;
  /** Takes a message from the other side, and tells what became of it. */
  receive(value: unknown): Received;
  /** Ends all running requests with `disconnected`; later ones end at once. */
  disconnected(): void;
}

/** What the requester needs of its surroundings. */
export interface RequesterPort {
  readonly send: (message: Message) => void;
  /** A new random 128-bit id as base64url. */
  readonly newId: () => string;
}

interface Running {
  readonly method: string;
  readonly onEvent: ((event: { event: string; data: unknown }) => void) | undefined;
  readonly settle: (outcome: Result<unknown, RequestFailure<HopDefinition>>) => void;
}

/**
 * Builds the asking side of a hop over any connection. It keeps the table of running requests, decodes every event
 * and result against the hop, and knows no time: deadlines are the caller's, by `signal`.
 */
export function createRequester<Hop extends HopDefinition>(hop: Hop, port: RequesterPort): Requester<Hop> {
  const running = new Map<string, Running>();
  let connected = true;

  function finish(id: string, outcome: Result<unknown, RequestFailure<HopDefinition>>): void {
    const request = running.get(id);
    running.delete(id);
    request?.settle(outcome);
  }

  return {
    request(method, params, options = {}) {
      return new Promise((resolve) => {
        if (!connected) {
          resolve(failure({ kind: 'disconnected' }));
          return;
        }
        const id = options.id ?? port.newId();
        const cancel = (): void => port.send({ v: PROTOCOL_VERSION, id, cancel: true });
        running.set(id, {
          method,
          onEvent: options.onEvent,
          settle(outcome) {
            options.signal?.removeEventListener('abort', cancel);
            resolve(outcome);
          },
        });
        port.send({ v: PROTOCOL_VERSION, id, method, params });
        if (options.signal?.aborted === true) cancel();
        else options.signal?.addEventListener('abort', cancel, { once: true });
      });
    },

    receive(value) {
      const envelope = decodeEnvelope(value);
      if (envelope?.kind !== 'event' && envelope?.kind !== 'response') return 'malformed';
      const request = running.get(envelope.message.id);
      const definition = request && methodOf(hop, request.method);
      if (request === undefined || definition === undefined) return 'late';
      switch (envelope.kind) {
        case 'event': {
          const { event, data } = envelope.message;
          const schema = Object.hasOwn(definition.events, event) ? definition.events[event] : undefined;
          const decoded = schema && decodeValue(schema, data);
          if (decoded?.ok !== true) return 'malformed';
          request.onEvent?.({ event, data: decoded.value });
          return 'taken';
        }
        case 'response': {
          const { id, ...answer } = envelope.message;
          if (answer.ok) {
            finish(id, decodeValue(definition.result, answer.result));
          } else {
            const error = decodeValue(hop.error, answer.error);
            finish(id, error.ok ? failure({ kind: 'error', error: error.value }) : error);
          }
          return 'taken';
        }
      }
    },

    disconnected() {
      connected = false;
      for (const id of [...running.keys()]) finish(id, failure({ kind: 'disconnected' }));
    },
  };
}
