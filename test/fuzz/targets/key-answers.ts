import type { CommandError } from '../../../native-host/ctap2/errors.ts';
import type { CallOptions, Device, TransportError } from '../../../native-host/transport/device.ts';
import type { U2fMessageError } from '../../../native-host/u2f/message.ts';
import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';
import { mustBeBounded } from '../engine/bounds.ts';
import { type FuzzInput, type FuzzTarget, mustHold } from '../engine/target.ts';

/** A key that gives any answers. */
export interface AnsweringKey extends Device {
  readonly requests: number;
}

/** How often a key may be asked for one job; a series of 4096 entries is the longest there is. */
const MOST_REQUESTS = 5000;

const GONE: TransportError = { kind: 'transport', problem: 'disconnected', transport: 'udp', detail: 'For the test.' };

/** Gives the byte strings in turn; behind the last one it repeats that one for ever, or is gone. */
export function answeringKey(answers: readonly Bytes[], isEndless: boolean): AnsweringKey {
  let requests = 0;
  const exchange = (request: Bytes): ReturnType<Device['call']> => {
    const answer = answers[requests] ?? (isEndless ? answers.at(-1) : undefined);
    requests += 1;
    mustHold(request.length > 0 && request.length <= 65_535, 'A request is a message.');
    mustHold(requests <= MOST_REQUESTS, 'A job comes to an end.');
    return Promise.resolve(answer === undefined ? failure(GONE) : success(answer));
  };
  return {
    get requests() {
      return requests;
    },
    descriptor: { id: 'fuzz', transport: 'udp', productName: '' },
    supportsCbor: true,
    supportsU2f: true,
    call: exchange,
    message: exchange,
    gone: new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
}

/** Options of a call that nobody cancels. */
export const OPTIONS: CallOptions = { signal: new AbortController().signal, stallTimeout: 1000 };

/** An answer of CTAP2: status success, and a map. */
export function ok(...members: readonly (readonly [CborValue, CborValue])[]): Bytes {
  return concatBytes(Uint8Array.of(0), members.length === 0 ? new Uint8Array() : encodeCbor(new Map(members)));
}

/** A map. */
export function map(...members: readonly (readonly [CborValue, CborValue])[]): CborValue {
  return new Map(members);
}

/** What a command gives. */
type Outcome = Result<unknown, CommandError | U2fMessageError>;

/** A target for what a key answers to one job. */
export function answersTarget(params: {
  readonly name: string;
  readonly covers: readonly string[];
  readonly seeds: readonly FuzzInput[];
  readonly run: (key: Device) => Promise<Outcome>;
  /** What must hold of a result beside its size. */
  readonly check?: (value: unknown, answers: FuzzInput) => void;
  readonly structures?: FuzzTarget['structures'];
  readonly quickRuns?: number;
}): FuzzTarget {
  return {
    name: params.name,
    property: 'every answer gives a result of bounded size or an error with a type, after a bounded number of requests',
    covers: params.covers,
    structures: params.structures ?? ['cbor'],
    quickRuns: params.quickRuns ?? 600,
    // The first byte string says whether the last answer is repeated for ever.
    seeds: params.seeds.flatMap((seed) => [[new Uint8Array(), ...seed], [Uint8Array.of(1), ...seed]]),
    run: async ([mode = new Uint8Array(), ...answers]) => {
      const key = answeringKey(answers, (mode[0] ?? 0) !== 0);
      const outcome = await params.run(key);
      const heard = Array.from({ length: key.requests }, (_, index) => answers[index] ?? answers.at(-1) ?? new Uint8Array());
      if (!outcome.ok) return describeError(outcome.error);
      mustBeBounded(outcome.value, heard);
      params.check?.(outcome.value, answers);
      return `ok ${describeValue(outcome.value)}`;
    },
  };
}

function describeError(error: CommandError | U2fMessageError): string {
  switch (error.kind) {
    case 'ctap':
      mustHold(error.status !== 0 && error.statusName.length > 0, 'A status has a name, and is not success.');
      // Any byte is a status; which one makes no difference here.
      return 'status';
    case 'malformed':
    case 'malformedU2f':
      mustHold(error.detail.length < 300, 'A detail is a sentence.');
      return `malformed: ${error.detail.replace(/\d+/g, '#')}`;
    case 'u2f':
      return 'status word';
    case 'transport':
      return error.problem;
  }
}

function describeValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Array.isArray(value) ? `list ${Math.min(value.length, 3).toString()}` : Object.keys(value).join(' ').slice(0, 200);
}
