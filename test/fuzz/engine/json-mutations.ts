import { type Bytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { Random } from './random.ts';

type Json = string | number | boolean | null | Json[] | JsonObject;
interface JsonObject {
  [name: string]: Json;
}

const VALUES: readonly Json[] = [
  null, true, false, 0, 1, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, '', 'a', 'AAAA', 'AA==', '\u0000', '\ud800', 'é', 'x'.repeat(300), [], {}, [[]],
];
const NAMES = ['__proto__', 'constructor', 'toString', 'v', 'id', 'type', 'ok', 'cancel', ''];

/** Changes one value or member of the JSON text in `bytes`, if that is what they are. */
export function mutateJson(bytes: Bytes, random: Random, other: Bytes): Bytes | undefined {
  const root = parse(bytes);
  if (root === undefined) return undefined;
  const places = list(root);
  const place = random.pick(places);
  const foreign = parse(other);
  switch (random.below(6)) {
    case 0:
      remove(place);
      break;
    case 1:
      place.holder[place.name] = structuredClone(random.pick(places).value());
      break;
    case 2:
      if (foreign !== undefined) place.holder[place.name] = structuredClone(random.pick(list(foreign)).value());
      break;
    case 3:
      define(place.holder, random.pick(NAMES), random.pick(VALUES));
      break;
    case 4: {
      const value = place.value();
      place.holder[place.name] = typeof value === 'string' ? changeText(value, random) : typeof value === 'number' ? value + random.below(5) - 2 : random.pick(VALUES);
      break;
    }
    default:
      place.holder[place.name] = structuredClone(random.pick(VALUES));
  }
  return encodeUtf8(JSON.stringify(root['root'] ?? null));
}

/** Where a value stands. */
interface Place {
  readonly holder: JsonObject;
  readonly name: string;
  readonly value: () => Json;
}

function parse(bytes: Bytes): JsonObject | undefined {
  try {
    return { root: JSON.parse(new TextDecoder().decode(bytes)) as Json };
  } catch {
    // Not JSON: then other mutations have their turn.
    return undefined;
  }
}

function list(holder: Json, found: Place[] = []): Place[] {
  if (typeof holder !== 'object' || holder === null || found.length > 500) return found;
  const named = holder as JsonObject;
  for (const name of Object.keys(named)) {
    found.push({ holder: named, name, value: () => named[name] ?? null });
    list(named[name] ?? null, found);
  }
  return found;
}

function remove({ holder, name }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else Reflect.deleteProperty(holder, name);
}

/** As JSON.parse does: a member `__proto__` is a member like any other. */
function define(holder: JsonObject, name: string, value: Json): void {
  if (Array.isArray(holder)) holder.push(structuredClone(value));
  else Object.defineProperty(holder, name, { value: structuredClone(value), configurable: true, enumerable: true, writable: true });
}

function changeText(text: string, random: Random): string {
  const position = random.below(text.length + 1);
  const part = random.pick(['', 'A', '=', '-', '\u0000', '\ud83d', text.slice(0, 4), '.', '/']);
  return text.slice(0, position) + part + text.slice(position + random.below(3));
}
