import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import { failure, success } from '../../../shared/bytes/result.ts';
import { decodeEnvelope, isWithinLimits, type Message } from '../../../shared/wire/envelope.ts';
import { createRequester } from '../../../shared/wire/requester.ts';
import { createResponder, type Handlers, type Violation } from '../../../shared/wire/responder.ts';

const hop = {
  name: 'test',
  methods: {
    double: { params: v.object({ number: v.number() }), result: v.object({ number: v.number() }), events: {} },
    wait: { params: v.object({}), result: v.object({}), events: { tick: v.number() } },
    fault: { params: v.object({}), result: v.object({}), events: {} },
  },
  error: v.object({ reason: v.string() }),
} as const;

const handlers: Handlers<typeof hop, undefined> = {
  double: ({ number }) => success({ number: number * 2 }),
  wait: (_params, { signal, emit }) =>
    new Promise((resolve) => {
      emit({ event: 'tick', data: 1 });
      signal.addEventListener('abort', () => resolve(failure({ reason: 'cancelled' })), { once: true });
    }),
  fault: () => {
    throw new Error('a bug');
  },
};

/** Both sides, joined by arrays in place of a connection: every message passes JSON as on a real hop. */
function connect() {
  const violations: Violation[] = [];
  const faults: unknown[] = [];
  let counter = 0;
  const requester = createRequester(hop, {
    send: (message) => responder.receive(JSON.parse(JSON.stringify(message))),
    newId: () => `id-${(counter += 1).toString()}`,
  });
  const responder = createResponder({
    hop,
    caller: undefined,
    handlers,
    send: (message: Message) => requester.receive(JSON.parse(JSON.stringify(message))),
    onViolation(violation) {
      violations.push(violation);
      return { reason: violation.kind };
    },
    onFault(fault) {
      faults.push(fault);
      return { reason: 'internal' };
    },
  });
  return { requester, responder, violations, faults };
}

describe('requester and responder', () => {
  test('a request gets its result', async () => {
    const { requester } = connect();
    expect(await requester.request('double', { number: 21 })).toEqual(success({ number: 42 }));
  });

  test('a cancel reaches the handler, and its answer the requester', async () => {
    const { requester, responder } = connect();
    const controller = new AbortController();
    const ticks: unknown[] = [];
    const outcome = requester.request('wait', {}, { signal: controller.signal, onEvent: (event) => ticks.push(event) });
    expect(responder.running).toBe(1);
    controller.abort();
    expect(await outcome).toEqual(failure({ kind: 'error', error: { reason: 'cancelled' } }));
    expect(ticks).toEqual([{ event: 'tick', data: 1 }]);
    expect(responder.running).toBe(0);
  });

  test('a signal that is aborted already cancels at once', async () => {
    const { requester } = connect();
    const outcome = await requester.request('wait', {}, { signal: AbortSignal.abort() });
    expect(outcome).toEqual(failure({ kind: 'error', error: { reason: 'cancelled' } }));
  });

  test('a handler that throws is a fault with an answer', async () => {
    const { requester, faults } = connect();
    expect(await requester.request('fault', {})).toEqual(failure({ kind: 'error', error: { reason: 'internal' } }));
    expect(faults).toHaveLength(1);
  });

  test('the end of the connection ends all requests on both sides', async () => {
    const { requester, responder } = connect();
    const outcome = requester.request('wait', {});
    requester.disconnected();
    expect(await outcome).toEqual(failure({ kind: 'disconnected' }));
    expect(await requester.request('double', { number: 1 })).toEqual(failure({ kind: 'disconnected' }));
    responder.disconnected();
    await expect.poll(() => responder.running).toBe(0);
  });

  test.each([
    ['an unknown method', { v: 1, id: 'a', method: 'toString', params: {} }, 'unknownMethod'],
    ['wrong parameters', { v: 1, id: 'a', method: 'double', params: { number: '1' } }, 'invalidParams'],
    ['no envelope', { hello: 1 }, 'malformedMessage'],
    ['another version', { v: 2, id: 'a', method: 'double', params: { number: 1 } }, 'malformedMessage'],
    ['a response to nothing', { v: 1, id: 'a', ok: true, result: {} }, 'malformedMessage'],
  ])('%s is a violation, and the next request is served', async (_name, message, kind) => {
    const { requester, responder, violations } = connect();
    responder.receive(message);
    expect(violations).toMatchObject([{ kind }]);
    expect(await requester.request('double', { number: 4 })).toEqual(success({ number: 8 }));
  });

  test('an id that is in use is a violation that leaves the running request alone', async () => {
    const { requester, responder, violations } = connect();
    const controller = new AbortController();
    const outcome = requester.request('wait', {}, { id: 'same', signal: controller.signal });
    responder.receive({ v: 1, id: 'same', method: 'double', params: { number: 1 } });
    expect(violations).toEqual([{ kind: 'duplicateId', id: 'same' }]);
    controller.abort();
    expect(await outcome).toEqual(failure({ kind: 'error', error: { reason: 'cancelled' } }));
  });

  test('what comes in is told apart: taken, late, malformed', async () => {
    const requester = createRequester(hop, { send: () => undefined, newId: () => 'x' });
    const outcome = requester.request('wait', {});
    expect(requester.receive({ v: 1, id: 'x', event: 'tick', data: 'no number' })).toBe('malformed');
    expect(requester.receive({ v: 1, id: 'x', event: 'tock', data: 1 })).toBe('malformed');
    expect(requester.receive({ hello: 1 })).toBe('malformed');
    expect(requester.receive({ v: 1, id: 'x', event: 'tick', data: 1 })).toBe('taken');
    expect(requester.receive({ v: 1, id: 'x', ok: true, result: {} })).toBe('taken');
    expect(requester.receive({ v: 1, id: 'x', event: 'tick', data: 1 })).toBe('late');
    expect(await outcome).toEqual(success({}));
  });

  test('a result that does not decode is an error, not a value', async () => {
    const requester = createRequester(hop, { send: () => undefined, newId: () => 'x' });
    const outcome = requester.request('double', { number: 1 });
    requester.receive({ v: 1, id: 'x', ok: true, result: { number: 'two' } });
    expect(await outcome).toMatchObject({ ok: false, error: { kind: 'decode', path: 'number' } });
  });
});

describe('envelope', () => {
  test.each([null, 1, 'text', [], {}, { v: 1 }, { v: 1, id: '', method: 'a' }, { v: 1, id: 'a b', method: 'a' }, { v: 1, id: 'a', cancel: false }])(
    '%j is none',
    (value) => {
      expect(decodeEnvelope(value)).toBeUndefined();
    },
  );

  test('limits bound depth, strings, keys, counts and cycles', () => {
    const limits = { maxDepth: 3, maxSize: 100 };
    expect(isWithinLimits({ a: { b: { c: 1 } } }, limits)).toBe(true);
    expect(isWithinLimits({ a: { b: { c: { d: 1 } } } }, limits)).toBe(false);
    expect(isWithinLimits('x'.repeat(101), limits)).toBe(false);
    expect(isWithinLimits({ ['k'.repeat(101)]: 1 }, limits)).toBe(false);
    expect(isWithinLimits(new Array(200).fill(0), limits)).toBe(false);
    expect(isWithinLimits(new Uint8Array(200), limits)).toBe(false);
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(isWithinLimits(cycle, limits)).toBe(false);
  });
});
