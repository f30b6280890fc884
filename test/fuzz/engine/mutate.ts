import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { MAX_FIELD, mutateBytes } from './byte-mutations.ts';
import { mutateCbor } from './cbor-mutations.ts';
import { mutateDer } from './der-mutations.ts';
import { mutateJson } from './json-mutations.ts';
import type { Random } from './random.ts';
import type { FuzzInput, Structure } from './target.ts';

const MAX_FIELDS = 64;
const EMPTY = new Uint8Array();

/** Makes a new input: one to eight changes to `input`, some of which take from `donor`. */
export function mutate(input: FuzzInput, donor: FuzzInput, structures: readonly Structure[], random: Random): FuzzInput {
  let changed = input;
  for (let count = 1 + random.below(random.oneIn(2) ? 2 : 8); count > 0; count -= 1) changed = mutateOnce(changed, donor, structures, random);
  return changed;
}

function mutateOnce(input: FuzzInput, donor: FuzzInput, structures: readonly Structure[], random: Random): FuzzInput {
  const isList = input.length > 1;
  if (input.length === 0 || random.oneIn(isList ? 5 : 40)) return changeFields(input, donor, random);
  const fields = [...input];
  const position = random.below(fields.length);
  const other = donor.length === 0 ? EMPTY : random.pick(donor);
  fields[position] = mutateField(fields[position] ?? EMPTY, other, structures, random, 0).slice(0, MAX_FIELD);
  return fields;
}

function changeFields(input: FuzzInput, donor: FuzzInput, random: Random): FuzzInput {
  const fields = [...input];
  const position = random.below(fields.length);
  const field = fields[position] ?? EMPTY;
  switch (random.below(5)) {
    case 0:
      fields.splice(position, 1);
      break;
    case 1:
      fields.splice(random.below(fields.length + 1), 0, field);
      break;
    case 2:
      fields.splice(random.below(fields.length + 1), 0, donor.length === 0 ? random.bytes(4) : random.pick(donor));
      break;
    case 3:
      fields.splice(random.below(fields.length + 1), 0, ...fields.splice(position, 1));
      break;
    default:
      fields.splice(position, fields.length, ...donor.slice(random.below(donor.length + 1)));
  }
  return fields.slice(0, MAX_FIELDS);
}

function mutateField(bytes: Bytes, other: Bytes, structures: readonly Structure[], random: Random, depth: number): Bytes {
  if (structures.length > 0 && depth < 4 && !random.oneIn(3)) {
    const within = (content: Bytes): Bytes => mutateField(content, other, structures, random, depth + 1);
    const changed = byStructure(random.pick(structures), bytes, other, random, within);
    if (changed !== undefined) return changed;
  }
  return mutateBytes(bytes, random, other);
}

function byStructure(structure: Structure, bytes: Bytes, other: Bytes, random: Random, within: (content: Bytes) => Bytes): Bytes | undefined {
  switch (structure) {
    case 'cbor':
      return mutateCbor(bytes, random, other, within);
    case 'der':
      return mutateDer(bytes, random, other, within);
    case 'json':
      return mutateJson(bytes, random, other);
  }
}
