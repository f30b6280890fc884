import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import type { KeyFacts } from '../../../native-host/ceremony/key-facts.ts';
import { startMachine, stepMachine } from '../../../native-host/ceremony/machine.ts';
import type {
  DeviceEffect,
  MachineEffect,
  MachineInput,
  MachineState,
  OperationResult,
} from '../../../native-host/ceremony/machine-types.ts';
import { OperationFailure } from '../../../native-host/ceremony/operation-failure.ts';
import type { AuthenticationOutcome, CeremonyRequest } from '../../../native-host/ceremony/request.ts';
import { wantsInput } from '../../../native-host/ceremony/user-inputs.ts';
import { ceremonyStateSchema } from '../../../shared/wire/ceremony-state.ts';

/** A text that nothing else contains. */
const PIN = 'p1n-§-4711-geheim';

const RP_ID = 'example.org';
const APP_ID = 'https://example.org/app-id.json';

const outcome: AuthenticationOutcome = {
  kind: 'authentication',
  credentialId: Uint8Array.of(1),
  authenticatorData: new Uint8Array(37),
  signature: Uint8Array.of(2),
  userHandle: undefined,
  extensions: {},
};

const ids = fc.array(
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => new Uint8Array(bytes)),
  { maxLength: 6 },
);

const common = {
  clientDataHash: fc.constant(new Uint8Array(32)),
  rpId: fc.constant(RP_ID),
  userVerification: fc.constantFrom('discouraged', 'preferred', 'required'),
  timeout: fc.constant(60_000),
} as const;

const requests: fc.Arbitrary<CeremonyRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('registration'),
    ...common,
    rpName: fc.constant('Example'),
    user: fc.constant({ id: Uint8Array.of(1), name: 'ada', displayName: 'Ada' }),
    algorithms: fc.constant([-7]),
    excludeList: ids,
    extensions: fc.constantFrom({}, { appIdExclude: APP_ID }, { prf: {} }, { largeBlob: 'required' } as const),
    residentKey: fc.constantFrom('discouraged', 'preferred', 'required'),
  } as const),
  fc.record({ kind: fc.constant('authentication'), ...common, allowList: ids, extensions: fc.constantFrom({}, { appId: APP_ID }, { largeBlob: { write: Uint8Array.of(1) } }) } as const),
);

const facts: fc.Arbitrary<KeyFacts> = fc.record({
  protocol: fc.constantFrom('ctap2', 'u2f'),
  aaguid: fc.constantFrom('00'.repeat(16), 'ab'.repeat(16)),
  pin: fc.constantFrom('unsupported', 'notSet', 'set'),
  uv: fc.constantFrom('unsupported', 'notConfigured', 'ready'),
  uvByToken: fc.boolean(),
  hasCredProtect: fc.boolean(),
  hasHmacSecret: fc.boolean(),
  hasLargeBlobs: fc.boolean(),
  canMakeResidentKey: fc.boolean(),
  makeCredUvNotRqd: fc.boolean(),
  alwaysUv: fc.boolean(),
  noMcGaPermissionsWithClientPin: fc.boolean(),
  forcePinChange: fc.boolean(),
  minPinLength: fc.integer({ min: 4, max: 8 }),
  maxPinLength: fc.constantFrom(undefined, 8, 63),
  algorithms: fc.constantFrom(undefined, [-7], [-8]),
  lists: fc.record({
    maxCount: fc.constantFrom(undefined, 1, 2, 8),
    maxIdLength: fc.constantFrom(undefined, 32, 128),
    maxMessageSize: fc.constant(1200),
  }),
} as const);

/** What happens next; indices are taken modulo what there is. */
type Action =
  | { readonly do: 'input'; readonly input: MachineInput }
  | { readonly do: 'succeed'; readonly pick: number; readonly variant: number; readonly facts: KeyFacts }
  | { readonly do: 'fail'; readonly pick: number; readonly failure: OperationFailure }
  | { readonly do: 'askPresence'; readonly pick: number };

/** A card that lay there before. */
const CARD = 'C';
const device = fc
  .constantFrom('A', 'B', CARD)
  .map((id) => ({ id, transport: 'usb', productName: `Key ${id}`, presentBefore: id === CARD }) as const);
const problem = { problem: 'accessDenied', transport: 'usb', detail: 'No access.' } as const;

const inputs: fc.Arbitrary<MachineInput> = fc.oneof(
  { weight: 4, arbitrary: device.map((added) => ({ type: 'deviceAdded', device: added }) as const) },
  { weight: 2, arbitrary: device.map(({ id }) => ({ type: 'deviceRemoved', device: id }) as const) },
  { weight: 3, arbitrary: fc.constant({ type: 'promptVisible' } as const) },
  { weight: 4, arbitrary: fc.constant({ type: 'pinSubmitted', pin: PIN } as const) },
  { weight: 3, arbitrary: fc.constantFrom(PIN, 'x').map((pin) => ({ type: 'newPinSubmitted', pin }) as const) },
  fc.nat({ max: 3 }).map((index) => ({ type: 'credentialSelected', index }) as const),
  fc.constantFrom('Key A', `Key ${CARD}`).map((readerName) => ({ type: 'cardChosen', readerName }) as const),
  device.map(({ id }) => ({ type: 'retryDue', device: id }) as const),
  device.map((denied) => ({ type: 'deviceDenied', device: denied, problem }) as const),
  fc.nat({ max: 1 }).map((usable) => ({ type: 'transportsChecked', problems: [problem], usable }) as const),
  fc.nat({ max: 9 }).map((op) => ({ type: 'touched', device: 'A', op }) as const),
);

const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: inputs.map((input) => ({ do: 'input', input }) as const) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('succeed' as const), pick: fc.nat(), variant: fc.nat({ max: 9 }), facts }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      pick: fc.nat(),
      failure: fc.constantFrom(...Object.values(OperationFailure)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('askPresence' as const), pick: fc.nat() }) },
);

/** Runs the machine and checks after every step what must always hold. */
class Model {
  state: MachineState;
  visible: boolean;
  readonly pending: DeviceEffect[] = [];
  readonly open = new Set<string>();
  readonly finished: MachineEffect[] = [];
  /** The owner has shown to mean the card: by entering something for it, or a finger, or by bringing it when asked to. */
  cardIsMeant = false;
  pinsSubmitted = 0;
  pinsSent = 0;
  /** Occasions for sending the kept PIN: a PIN that was just set, or a token that was refused. */
  occasions = 0;
  keptPinsSent = 0;

  constructor(request: CeremonyRequest, promptVisible: boolean) {
    this.visible = promptVisible;
    const { state, effects } = startMachine(request, promptVisible);
    this.state = state;
    this.#check(effects);
  }

  input(input: MachineInput): void {
    const wasOver = this.finished.length > 0;
    if (input.type === 'promptVisible') this.visible = true;
    if (input.type === 'pinSubmitted' && wantsInput(this.state, input)) this.pinsSubmitted += 1;
    if (input.type === 'pinSet') this.occasions += 1;
    this.#noteIntent(input);
    if (input.type === 'operationFailed' && input.failure === 'tokenRefused') this.occasions += 1;
    const before = JSON.stringify(this.state);
    const { state, effects } = stepMachine(this.state, input);
    expect(JSON.stringify(this.state)).toBe(before);
    if (wasOver) expect(effects).toEqual([]);
    this.state = state;
    this.#check(effects);
  }

  #noteIntent(input: MachineInput): void {
    const { devices, selected } = this.state;
    const step = devices.find(({ identity }) => identity.id === selected?.id)?.step;
    if (input.type === 'pinSubmitted' || input.type === 'newPinSubmitted') {
      this.cardIsMeant ||= selected?.id === CARD && wantsInput(this.state, input);
    }
    if (input.type === 'cardChosen') this.cardIsMeant ||= input.readerName === `Key ${CARD}` && wantsInput(this.state, input);
    if (input.type === 'tokenObtained') this.cardIsMeant ||= input.device === CARD;
    if (input.type === 'deviceAdded' && input.device.id === CARD) this.cardIsMeant ||= step?.at === 'needsReinsert';
  }

  take(pick: number): DeviceEffect | undefined {
    return this.pending[pick % Math.max(1, this.pending.length)];
  }

  settle(effect: DeviceEffect): void {
    this.pending.splice(this.pending.indexOf(effect), 1);
  }

  #check(effects: readonly MachineEffect[]): void {
    for (const effect of effects) this.#checkEffect(effect);
    expect(JSON.stringify(this.state)).not.toContain(PIN);
    expect(this.finished.length).toBeLessThanOrEqual(1);
    expect(this.state.ended === undefined).toBe(this.finished.length === 0);
    expect(this.pinsSent).toBeLessThanOrEqual(this.pinsSubmitted);
    expect(this.keptPinsSent).toBeLessThanOrEqual(this.occasions);
  }

  #checkEffect(effect: MachineEffect): void {
    switch (effect.type) {
      case 'publish':
        expect(v.safeParse(ceremonyStateSchema, effect.state).success).toBe(true);
        expect(this.finished).toEqual([]);
        break;
      case 'finish':
        this.finished.push(effect);
        break;
      case 'close':
        expect(this.open.delete(effect.device)).toBe(true);
        if (effect.device === CARD) this.cardIsMeant = false;
        this.pending.splice(0, this.pending.length, ...this.pending.filter((each) => each.device !== effect.device));
        break;
      case 'startTimer':
      case 'clearTimer':
      case 'cancel':
      case 'keepPin':
      case 'retryLater':
        break;
      default:
        this.#checkOperation(effect);
    }
  }

  #checkOperation(effect: DeviceEffect): void {
    if (effect.type === 'open') {
      expect(this.open).not.toContain(effect.device);
      this.open.add(effect.device);
    }
    expect(this.finished).toEqual([]);
    expect(this.open).toContain(effect.device);
    expect(this.pending.map((each) => each.device)).not.toContain(effect.device);
    const asksForPresence =
      effect.type === 'selectByTouch' ||
      effect.type === 'operate' ||
      (effect.type === 'obtainToken' && effect.method === 'uv');
    if (asksForPresence) expect(this.visible).toBe(true);
    if (effect.device === CARD && (effect.type === 'selectByTouch' || effect.type === 'operate')) {
      expect(this.cardIsMeant).toBe(true);
    }
    if (effect.type === 'obtainToken' && typeof effect.method === 'object') this.pinsSent += 1;
    if (effect.type === 'obtainToken' && effect.method === 'keptPin') this.keptPinsSent += 1;
    if (effect.type === 'operate') {
      expect(effect.uv && effect.authorised).toBe(false);
      if (effect.rpId !== RP_ID) expect(effect.uv || effect.authorised).toBe(false);
    }
    this.pending.push(effect);
  }
}

function resultFor(effect: DeviceEffect, variant: number, known: KeyFacts): OperationResult {
  const { device: id, op } = effect;
  const named = { device: id, op };
  switch (effect.type) {
    case 'open':
      return { type: 'opened', ...named };
    case 'probe':
      return { type: 'probed', ...named, facts: known };
    case 'readPinRetries':
      return { type: 'pinRetriesRead', ...named, pinRetries: variant, powerCycleRequired: variant === 5 };
    case 'readUvRetries':
      return { type: 'uvRetriesRead', ...named, uvRetries: variant };
    case 'preflight': {
      const [first] = effect.ids;
      if (variant < 3 && first !== undefined) {
        const rpId = variant === 0 ? APP_ID : RP_ID;
        return { type: 'preflighted', ...named, finding: { kind: 'match', id: first, rpId } };
      }
      return { type: 'preflighted', ...named, finding: { kind: variant < 7 ? 'none' : 'unknown' } };
    }
    case 'selectByTouch':
      return { type: 'touched', ...named };
    case 'obtainToken':
      return { type: 'tokenObtained', ...named };
    case 'setPin':
      return { type: 'pinSet', ...named };
    case 'operate': {
      if (variant > 6) return { type: 'completed', ...named, outcome };
      const accounts = [0, 1].map((index) => ({ entry: { index, name: '', displayName: '' }, outcome }));
      return { type: 'accountsFound', ...named, accounts };
    }
  }
}

function perform(model: Model, action: Action): void {
  if (action.do === 'input') {
    const { input } = action;
    // Answers are late here: one for a running operation would be another kind of answer than that operation's.
    if ('op' in input && model.pending.some(({ op }) => op === input.op)) return;
    model.input(input);
    return;
  }
  const effect = model.take(action.pick);
  if (effect === undefined) return;
  const { device: id, op } = effect;
  if (action.do === 'askPresence') {
    model.input({ type: 'presenceAsked', device: id, op });
    return;
  }
  model.settle(effect);
  if (action.do === 'fail') {
    model.input({ type: 'operationFailed', device: id, op, failure: action.failure, detail: 'For the test.' });
  } else {
    model.input(resultFor(effect, action.variant, action.facts));
  }
}

describe('ceremony machine, whatever happens', () => {
  test('one result, every key closed, no effect after the end, no PIN in any state, no presence before the prompt', () => {
    fc.assert(
      fc.property(
        requests,
        fc.boolean(),
        fc.array(actions, { minLength: 1, maxLength: 60 }),
        fc.constantFrom('deadline', 'abort'),
        (request, promptVisible, sequence, end) => {
          const model = new Model(request, promptVisible);
          for (const action of sequence) perform(model, action);
          if (end === 'deadline') model.input({ type: 'deadlinePassed' });
          else model.input({ type: 'aborted', failure: { reason: 'cancelled', message: 'For the test.' } });
          expect(model.finished).toHaveLength(1);
          expect([...model.open]).toEqual([]);
          // Whatever comes late finds nothing to do.
          for (const action of sequence) perform(model, action);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('random sequences reach every public state', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(requests, fc.array(actions, { minLength: 40, maxLength: 120 }), (request, sequence) => {
        const model = new Model(request, true);
        for (const action of sequence) {
          perform(model, action);
          seen.add(model.state.published?.state ?? 'none');
        }
      }),
      { numRuns: 400, seed: 1 },
    );
    expect([...seen].sort()).toEqual(ceremonyStateSchema.options.map(({ entries }) => entries.state.literal).sort());
  });
});
