import { readFileSync } from 'node:fs';
import path from 'node:path';

import type * as v from 'valibot';

import { type Bytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { decodeEnvelope, type Message } from '../../../shared/wire/envelope.ts';
import { decodeValue, type HopDefinition, methodOf } from '../../../shared/wire/hop.ts';
import { nativeHop } from '../../../shared/wire/native.ts';
import { decodeFromPage, decodePageAnswer } from '../../../shared/wire/page.ts';
import { runtimeHop } from '../../../shared/wire/runtime.ts';
import { popupHop, promptHop } from '../../../shared/wire/ui.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzInput, type FuzzTarget, mustHold } from '../engine/target.ts';

interface Example {
  readonly hop: string;
  readonly method: string;
  readonly event: string | undefined;
  readonly text: Bytes;
}

const PROTOCOL = readFileSync(path.resolve(import.meta.dirname, '../../../docs/PROTOCOL.md'), 'utf8');
const EXAMPLES: readonly Example[] = Array.from(PROTOCOL.matchAll(/^```json (\S+) \S+ (\S+)(?: (\S+))?\n([\s\S]*?)^```$/gm), (match) => {
  const [, hop = '', method = '', event, json = ''] = match;
  return { hop, method, event, text: encodeUtf8(JSON.stringify(JSON.parse(json))) };
});

/** Messages as JSON; the second byte string names the method that a response or an event is for. */
function seedsOf(hop: string): readonly FuzzInput[] {
  return EXAMPLES.filter((example) => example.hop === hop).map(({ text, method, event }) => [text, encodeUtf8(method), encodeUtf8(event ?? '')]);
}

function parse(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The schema for what an envelope carries. */
function schemaFor(hop: HopDefinition, message: Message, method: string): readonly [schema: v.GenericSchema | undefined, value: unknown] {
  if ('method' in message) return [methodOf(hop, message.method)?.params, message.params];
  const definition = methodOf(hop, method);
  if ('event' in message) {
    return [definition !== undefined && Object.hasOwn(definition.events, message.event) ? definition.events[message.event] : undefined, message.data];
  }
  if (!('ok' in message)) return [undefined, undefined];
  return message.ok ? [definition?.result, message.result] : [hop.error, message.error];
}

function wireTarget(hop: HopDefinition): FuzzTarget {
  return {
    name: `wire-${hop.name}`,
    property: 'what is decoded is bounded, decodes to itself, and has nothing but the schema\'s members; errors do not quote values',
    covers: ['shared/wire/'],
    structures: ['json'],
    quickRuns: 1000,
    seeds: seedsOf(hop.name),
    run: (input) => {
      const [text = new Uint8Array(), name = new Uint8Array()] = input;
      const envelope = decodeEnvelope(parse(text));
      if (envelope === undefined) return 'no envelope';
      const [schema, value] = schemaFor(hop, envelope.message, new TextDecoder().decode(name));
      if (schema === undefined) return `${envelope.kind} unknown`;
      const decoded = decodeValue(schema, value);
      if (!decoded.ok) {
        mustHold(decoded.error.message.length < 4000, 'The error is short.');
        return `${envelope.kind} ${decoded.error.path.replace(/\d+/g, '#').slice(0, 60)}`;
      }
      mustBeBounded(decoded.value, input);
      const again = decodeValue(schema, decoded.value);
      mustHold(again.ok && JSON.stringify(again.value) === JSON.stringify(decoded.value), 'What is decoded decodes to itself.');
      return `${envelope.kind} ok`;
    },
  };
}

/** What the relay takes from a page, and the page script from the relay. */
const pageTarget: FuzzTarget = {
  name: 'wire-page',
  property: 'the relay passes on the two methods and cancels, nothing else',
  covers: ['shared/wire/page.ts', 'shared/wire/envelope.ts'],
  structures: ['json'],
  quickRuns: 600,
  seeds: seedsOf('page'),
  run: (input) => {
    const [text = new Uint8Array()] = input;
    const value = parse(text);
    const fromPage = decodeFromPage(value);
    const answer = decodePageAnswer(value);
    if (fromPage !== undefined) {
      mustBeBounded(fromPage, input);
      const { message } = fromPage;
      mustHold('cancel' in message || ('method' in message && ['create', 'get'].includes(message.method)), 'Only the two methods and cancels pass.');
      const members = 'cancel' in message ? ['v', 'id', 'cancel'] : ['v', 'id', 'method', 'params'];
      mustHold(Object.keys(message).every((name) => members.includes(name)), 'Other members do not pass.');
      return fromPage.kind;
    }
    return answer === undefined ? 'none' : `answer ${String(answer.ok)}`;
  },
};

/** All hops. */
export const wireTargets: readonly FuzzTarget[] = [pageTarget, ...[runtimeHop, promptHop, popupHop, nativeHop].map(wireTarget)];
