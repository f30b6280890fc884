import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';

/** Codes of the errors that the control server answers, in WebDriver's words where it has them. */
export type ControlErrorCode = 'invalid argument' | 'unknown command' | 'unknown authenticator' | 'unsupported operation' | 'timeout';

/** Ends a control command with an error. Thrown anywhere in a command; the server alone catches it. */
export class ControlFailure extends Error {
  override readonly name = 'ControlFailure';
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const MAX_BYTES = 65_536;
const MAX_TEXT = 4096;

/**
 * Reads the members of a JSON object that came from outside, and refuses those that nobody asked for: a misspelt knob
 * must not pass silently. Every getter gives `undefined` for an absent member and fails for one of another type.
 */
export class Fields {
  readonly #record: Readonly<Record<string, unknown>>;
  readonly #name: string;
  readonly #read = new Set<string>();

  /** `name` is how errors call the object. */
  constructor(value: unknown, name: string) {
    if (!isRecord(value)) throw new ControlFailure('invalid argument', `${name} must be an object.`);
    this.#record = value;
    this.#name = name;
  }

  has(key: string): boolean {
    return this.#take(key) !== undefined;
  }

  boolean(key: string): boolean | undefined {
    return this.#member(key, 'true or false', (value): value is boolean => typeof value === 'boolean');
  }

  text(key: string): string | undefined {
    return this.#member(key, 'a text', (value): value is string => typeof value === 'string' && value.length <= MAX_TEXT);
  }

  /** An integer between `minimum` and `maximum`. */
  integer(key: string, minimum = 0, maximum = 0xffff_ffff): number | undefined {
    const range = `an integer from ${minimum.toString()} to ${maximum.toString()}`;
    return this.#member(
      key,
      range,
      (value): value is number => typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum,
    );
  }

  /** One of the given words or numbers. */
  choice<Choice extends string | number>(key: string, choices: readonly Choice[]): Choice | undefined {
    return this.#member(key, `one of ${choices.join(', ')}`, (value): value is Choice => choices.some((choice) => choice === value));
  }

  /** A list of the given words or numbers. */
  choices<Choice extends string | number>(key: string, choices: readonly Choice[]): readonly Choice[] | undefined {
    return this.#member(
      key,
      `a list of ${choices.join(', ')}`,
      (value): value is readonly Choice[] => Array.isArray(value) && value.every((entry) => choices.some((choice) => choice === entry)),
    );
  }

  texts(key: string): readonly string[] | undefined {
    return this.#member(key, 'a list of texts', (value): value is readonly string[] => Array.isArray(value) && value.every((entry) => typeof entry === 'string'));
  }

  /** Base64url text as bytes. */
  bytes(key: string): Bytes | undefined {
    const text = this.#member(key, 'base64url', (value): value is string => typeof value === 'string' && value.length <= MAX_BYTES);
    if (text === undefined) return undefined;
    const bytes = decodeBase64url(text.replace(/=+$/, ''));
    return bytes ?? this.#refuse(key, 'base64url');
  }

  object(key: string): Fields | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : new Fields(value, `${this.#name}.${key}`);
  }

  objects(key: string): readonly Fields[] | undefined {
    const values = this.#member(key, 'a list', (value): value is readonly unknown[] => Array.isArray(value) && value.length <= 1000);
    return values?.map((value, index) => new Fields(value, `${this.#name}.${key}[${index.toString()}]`));
  }

  /** The member as it is; null counts as present. */
  raw(key: string): unknown {
    this.#read.add(key);
    return this.#record[key];
  }

  /** Fails when the object has members that were never read. */
  finish(): void {
    const unknown = Object.keys(this.#record).filter((key) => !this.#read.has(key));
    if (unknown.length > 0) throw new ControlFailure('invalid argument', `${this.#name} has unknown members: ${unknown.join(', ')}.`);
  }

  #member<Value>(key: string, expected: string, fits: (value: unknown) => value is Value): Value | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    return fits(value) ? value : this.#refuse(key, expected);
  }

  #take(key: string): unknown {
    this.#read.add(key);
    const value = Object.hasOwn(this.#record, key) ? this.#record[key] : undefined;
    // JSON has no undefined: null stands for "not given".
    return value === null ? undefined : value;
  }

  #refuse(key: string, expected: string): never {
    throw new ControlFailure('invalid argument', `${this.#name}.${key} must be ${expected}.`);
  }
}

/** Makes an optional member a mandatory one. */
export function mandatory<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new ControlFailure('invalid argument', `${name} is missing.`);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
