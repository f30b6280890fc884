import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { decodeEnvelope, type Message } from '../../../shared/wire/envelope.ts';
import type { HopDefinition } from '../../../shared/wire/hop.ts';
import { nativeHop } from '../../../shared/wire/native.ts';
import { decodeFromPage, decodePageAnswer } from '../../../shared/wire/page.ts';
import { createRequester, type Requester } from '../../../shared/wire/requester.ts';
import { createResponder } from '../../../shared/wire/responder.ts';
import { runtimeHop } from '../../../shared/wire/runtime.ts';
import { popupHop, promptHop } from '../../../shared/wire/ui.ts';

/** Every example of docs/PROTOCOL.md goes through the side that sends it and the side that receives it. */

interface Example {
  readonly hop: string;
  readonly kind: string;
  readonly method: string;
  readonly event: string | undefined;
  readonly message: Message;
}

const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/PROTOCOL.md'), 'utf8');
const examples: Example[] = Array.from(text.matchAll(/^```json (\S+) (\S+) (\S+)(?: (\S+))?\n([\s\S]*?)^```$/gm), (match) => {
  const [, hop = '', kind = '', method = '', event, json = ''] = match;
  return { hop, kind, method, event, message: JSON.parse(json) as Message };
});

const HOPS: readonly HopDefinition[] = [runtimeHop, promptHop, popupHop, nativeHop];

/** A handler for every method, which gives the result that it is told and keeps the parameters that it got. */
function answering(hop: HopDefinition, result: unknown, seen: unknown[]): Record<string, (params: unknown) => unknown> {
  return Object.fromEntries(
    Object.keys(hop.methods).map((method) => [
      method,
      (params: unknown) => {
        seen.push(params);
        return { ok: true, value: result };
      },
    ]),
  );
}

function find(hop: string, kind: string, method: string): Message {
  const example = examples.find((entry) => entry.hop === hop && entry.kind === kind && entry.method === method);
  if (example === undefined) throw new Error(`docs/PROTOCOL.md has no ${kind} of ${method} on the ${hop} hop.`);
  return example.message;
}

/** The requester's public face without its types: the examples are data. */
type AnyRequester = Requester<HopDefinition>;

describe.each(HOPS)('$name hop', (hop) => {
  test.each(Object.keys(hop.methods))('%s: request and response pass both sides unchanged', async (method) => {
    const request = find(hop.name, 'request', method) as Message & { params: unknown };
    const response = find(hop.name, 'response', method) as Message & { result: unknown };
    const seen: unknown[] = [];
    const toRequester: Message[] = [];
    const responder = createResponder({
      hop,
      caller: undefined,
      handlers: answering(hop, response.result, seen) as never,
      send: (message) => toRequester.push(message),
      onViolation: (violation) => {
        throw new Error(violation.kind);
      },
      onFault: (fault) => {
        throw fault as Error;
      },
    });
    const toResponder: Message[] = [];
    const requester: AnyRequester = createRequester(hop, { send: (message) => toResponder.push(message), newId: () => request.id });

    const outcome = requester.request(method, request.params);
    expect(toResponder).toEqual([request]);
    responder.receive(request);
    expect(seen).toEqual([request.params]);
    await expect.poll(() => toRequester).toEqual([response]);
    expect(requester.receive(response)).toBe('taken');
    expect(await outcome).toEqual({ ok: true, value: response.result });
  });

  const events = Object.entries(hop.methods).flatMap(([method, { events }]) => Object.keys(events).map((event) => [method, event]));
  test.runIf(events.length > 0).each(events)('%s: event %s decodes to itself', (method, event) => {
    const example = examples.find((entry) => entry.hop === hop.name && entry.method === method && entry.event === event);
    const message = example?.message as (Message & { data: unknown }) | undefined;
    const seen: unknown[] = [];
    const requester: AnyRequester = createRequester(hop, { send: () => undefined, newId: () => message?.id ?? '' });
    void requester.request(method, {}, { onEvent: (received) => seen.push(received) });
    expect(requester.receive(message)).toBe('taken');
    expect(seen).toEqual([{ event, data: message?.data }]);
  });

  test('its error decodes to itself', async () => {
    const example = examples.find((entry) => entry.hop === hop.name && entry.kind === 'error');
    if (example === undefined) throw new Error(`docs/PROTOCOL.md has no error on the ${hop.name} hop.`);
    const message = example.message as Message & { error: unknown };
    const requester: AnyRequester = createRequester(hop, { send: () => undefined, newId: () => message.id });
    const outcome = requester.request(example.method, {});
    requester.receive(message);
    expect(await outcome).toEqual({ ok: false, error: { kind: 'error', error: message.error } });
  });
});

describe('page hop', () => {
  test.each(['create', 'get'])('%s passes the relay and the page script', (method) => {
    expect(decodeFromPage(find('page', 'request', method))).toMatchObject({ kind: 'request', message: { method } });
    const response = find('page', 'response', method) as Message & { result: unknown };
    expect(decodePageAnswer(response)).toMatchObject({ ok: true, result: response.result });
  });

  test('its error is an answer', () => {
    expect(decodePageAnswer(find('page', 'error', 'get'))).toMatchObject({ ok: false, error: { name: 'NotAllowedError' } });
  });
});

test('the cancel example is a cancel', () => {
  const [, json = ''] = /^```json\n([\s\S]*?)^```$/m.exec(text) ?? [];
  expect(decodeEnvelope(JSON.parse(json))).toMatchObject({ kind: 'cancel' });
});

test('no example is of an unknown hop, method or event', () => {
  const known = new Set([
    'page create',
    'page get',
    ...HOPS.flatMap((hop) => Object.keys(hop.methods).map((method) => `${hop.name} ${method}`)),
  ]);
  expect(examples.map(({ hop, method }) => `${hop} ${method}`).filter((name) => !known.has(name))).toEqual([]);
});
