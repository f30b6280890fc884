import * as v from 'valibot';

import { failure, success, type Result } from '../bytes/result.ts';
import { isWithinLimits } from './envelope.ts';

/** One method of a hop: the shape of its parameters, its result and the events that may precede the result. */
export interface MethodDefinition {
  readonly params: v.GenericSchema;
  readonly result: v.GenericSchema;
  readonly events: Readonly<Record<string, v.GenericSchema>>;
}

/** A hop: what its requests, and its error, look like. Both sides decode with the same definition. */
export interface HopDefinition {
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
  readonly error: v.GenericSchema;
}

/** Names of a hop's methods. */
export type MethodOf<Hop extends HopDefinition> = keyof Hop['methods'] & string;

/** Decoded parameters of a method. */
export type ParamsOf<Hop extends HopDefinition, Method extends MethodOf<Hop>> = v.InferOutput<
  Hop['methods'][Method]['params']
>;

/** Decoded result of a method. */
export type ResultOf<Hop extends HopDefinition, Method extends MethodOf<Hop>> = v.InferOutput<
  Hop['methods'][Method]['result']
>;

/** Decoded events of a method: name and data. */
export type EventOf<Hop extends HopDefinition, Method extends MethodOf<Hop>> = {
  [Name in keyof Hop['methods'][Method]['events'] & string]: {
    readonly event: Name;
    readonly data: v.InferOutput<Hop['methods'][Method]['events'][Name]>;
  };
}[keyof Hop['methods'][Method]['events'] & string];

/** The hop's error in decoded form. */
export type ErrorOf<Hop extends HopDefinition> = v.InferOutput<Hop['error']>;

/** What was wrong with a value from across a hop: where in it (`path`), and why. Never the value itself: it may hold a PIN. */
export interface DecodeError {
  readonly kind: 'decode';
  readonly path: string;
  readonly message: string;
}

/**
 * Decodes a value from across a boundary against a schema, after the size limits.
 *
 * @returns the decoded value (unknown members dropped), or where and why it does not fit.
 */
export function decodeValue<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): Result<v.InferOutput<Schema>, DecodeError> {
  if (!isWithinLimits(value)) {
    return failure({ kind: 'decode', path: '', message: 'The value is larger or nested deeper than allowed.' });
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return success(parsed.output);
  const [issue] = parsed.issues;
  return failure({
    kind: 'decode',
    path: v.getDotPath(issue) ?? '',
    message: `Expected ${issue.expected ?? 'another value'}.`,
  });
}

/** The definition of a method that the hop may or may not have. */
export function methodOf(hop: HopDefinition, method: string): MethodDefinition | undefined {
  return Object.hasOwn(hop.methods, method) ? hop.methods[method] : undefined;
}
