import { describe, expect, test } from 'vitest';

import type { KeyFacts } from '../../../native-host/ceremony/key-facts.ts';
import { startMachine, stepMachine } from '../../../native-host/ceremony/machine.ts';
import type { DeviceEffect, DeviceIdentity, MachineEffect, MachineInput, MachineState } from '../../../native-host/ceremony/machine-types.ts';
import type { OperationFailure } from '../../../native-host/ceremony/operation-failure.ts';
import type { AuthenticationRequest } from '../../../native-host/ceremony/request.ts';

const FACTS: KeyFacts = {
  aaguid: '00112233445566778899aabbccddeeff',
  protocol: 'ctap2',
  pin: 'set',
  uv: 'unsupported',
  uvByToken: true,
  hasCredProtect: true,
  hasHmacSecret: true,
  hasLargeBlobs: true,
  canMakeResidentKey: true,
  makeCredUvNotRqd: true,
  alwaysUv: false,
  noMcGaPermissionsWithClientPin: false,
  forcePinChange: false,
  minPinLength: 4,
  maxPinLength: undefined,
  algorithms: [-7],
  lists: { maxCount: 8, maxIdLength: 128, maxMessageSize: 1200 },
};

const REQUEST: AuthenticationRequest = {
  kind: 'authentication',
  clientDataHash: new Uint8Array(32),
  rpId: 'example.org',
  allowList: [],
  userVerification: 'required',
  extensions: {},
  timeout: 60_000,
};

/** Drives the machine by hand: keys answer as told, one operation after the other. */
class Driver {
  state: MachineState;
  effects: readonly MachineEffect[];

  constructor(request: AuthenticationRequest) {
    const step = startMachine(request, true);
    this.state = step.state;
    this.effects = step.effects;
  }

  input(input: MachineInput): void {
    ({ state: this.state, effects: this.effects } = stepMachine(this.state, input));
  }

  /** Plugs a key in and lets it tell what it is. */
  plug(id: string, facts: KeyFacts, card: Pick<DeviceIdentity, 'presentBefore'> = {}): void {
    const transport = card.presentBefore === undefined ? 'usb' : 'nfc';
    this.input({ type: 'deviceAdded', device: { id, transport, productName: id, ...card } });
    this.input({ type: 'opened', device: id, op: this.operation('open').op });
    this.input({ type: 'probed', device: id, op: this.operation('probe').op, facts });
  }

  /** Lets the key tell its PIN tries, and enters a PIN that it takes. */
  enterPin(id: string): void {
    const { op } = this.operation('readPinRetries');
    this.input({ type: 'pinRetriesRead', device: id, op, pinRetries: 8, powerCycleRequired: false });
    this.input({ type: 'pinSubmitted', pin: '1234' });
    this.input({ type: 'tokenObtained', device: id, op: this.operation('obtainToken').op });
  }

  fail(type: DeviceEffect['type'], failure: OperationFailure): void {
    const { device, op } = this.operation(type);
    this.input({ type: 'operationFailed', device, op, failure, detail: 'For the test.' });
  }

  /** The operation of that type that the last step has started. */
  operation<Type extends DeviceEffect['type']>(type: Type): DeviceEffect & { readonly type: Type } {
    const found = this.effects.find((effect) => effect.type === type);
    if (found === undefined) throw new Error(`Not started: ${type}. Effects: ${JSON.stringify(this.effects)}`);
    return found as DeviceEffect & { readonly type: Type };
  }
}

describe('ceremony machine, case by case', () => {
  test('a refused token is renewed once with the kept PIN, then the ceremony ends', () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', FACTS);
    driver.enterPin('A');
    driver.fail('operate', 'tokenRefused');
    expect(driver.operation('obtainToken').method).toBe('keptPin');
    driver.input({ type: 'tokenObtained', device: 'A', op: driver.operation('obtainToken').op });
    driver.fail('operate', 'tokenRefused');
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'deviceError' });
  });

  test('the kept PIN that proves wrong is asked for anew, never sent again', () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', FACTS);
    driver.enterPin('A');
    driver.fail('operate', 'tokenRefused');
    driver.fail('obtainToken', 'pinInvalid');
    const { op } = driver.operation('readPinRetries');
    driver.input({ type: 'pinRetriesRead', device: 'A', op, pinRetries: 7, powerCycleRequired: false });
    expect(driver.state.published).toMatchObject({ state: 'needsPin', reason: 'wrong', pinRetries: 7 });
    expect(driver.effects.filter(({ type }) => type === 'obtainToken')).toEqual([]);
  });

  test('a key that does nothing without user verification is given it, once', () => {
    const driver = new Driver({ ...REQUEST, userVerification: 'discouraged' });
    driver.plug('A', FACTS);
    driver.fail('operate', 'uvDemanded');
    driver.enterPin('A');
    expect(driver.operation('operate')).toMatchObject({ authorised: true, uv: false });
    driver.fail('operate', 'uvDemanded');
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'deviceError' });
  });

  test('a built-in verification without a token goes with the operation', () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', { ...FACTS, pin: 'unsupported', uv: 'ready', uvByToken: false });
    expect(driver.operation('operate')).toMatchObject({ authorised: false, uv: true });
  });

  test('a PIN that may not be used for credentials is not asked for', () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', { ...FACTS, uv: 'ready', noMcGaPermissionsWithClientPin: true });
    driver.fail('obtainToken', 'uvBlocked');
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'uvBlocked' });
  });

  test('whatever a key calls the failure of its sensor, the PIN is the way out', () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', { ...FACTS, uv: 'ready' });
    driver.fail('obtainToken', 'deviceError');
    driver.enterPin('A');
    expect(driver.operation('operate')).toMatchObject({ authorised: true });
  });

  test('a key that something else uses is tried again, and its trouble told until it is known', () => {
    const driver = new Driver(REQUEST);
    driver.input({ type: 'deviceAdded', device: { id: 'A', transport: 'usb', productName: 'A' } });
    const { op } = driver.operation('open');
    driver.input({ type: 'operationFailed', device: 'A', op, failure: 'busy', detail: 'Another program uses the key.' });
    const busy = { state: 'waitingForDevice', problems: [{ problem: 'busy' }] };
    expect(driver.state.published).toMatchObject(busy);
    expect(driver.effects).toContainEqual({ type: 'retryLater', device: 'A', milliseconds: 500 });
    driver.input({ type: 'retryDue', device: 'A' });
    const opened = { type: 'opened', device: 'A', op: driver.operation('open').op } as const;
    expect(driver.state.published).toMatchObject(busy);
    driver.input(opened);
    driver.input({ type: 'probed', device: 'A', op: driver.operation('probe').op, facts: FACTS });
    driver.enterPin('A');
    expect(driver.state.published).toMatchObject({ state: 'processing' });
  });

  test('a busy key that was taken out is not tried again', () => {
    const driver = new Driver(REQUEST);
    driver.input({ type: 'deviceAdded', device: { id: 'A', transport: 'usb', productName: 'A' } });
    driver.fail('open', 'busy');
    driver.input({ type: 'deviceRemoved', device: 'A' });
    driver.input({ type: 'retryDue', device: 'A' });
    expect(driver.effects).toEqual([]);
  });

  test("a key's own time limit is nobody's choice while other keys wait", () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', { ...FACTS, alwaysUv: true });
    driver.plug('B', FACTS);
    driver.fail('selectByTouch', 'userTimeout');
    expect(driver.state.published?.state).toBe('selectingDevice');
    driver.fail('selectByTouch', 'userTimeout');
    expect(driver.state.published?.state).toBe('selectingDevice');
  });

  test('a broken key is set aside while another can serve, and named when none is left', () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', FACTS);
    driver.plug('B', FACTS);
    driver.fail('selectByTouch', 'deviceError');
    expect(driver.state.published?.state).not.toBe('failed');
    const broken = new Driver(REQUEST);
    broken.input({ type: 'deviceAdded', device: { id: 'A', transport: 'usb', productName: 'A' } });
    broken.fail('open', 'accessDenied');
    expect(broken.state.published).toMatchObject({ state: 'waitingForDevice', problems: [{ problem: 'accessDenied' }] });
  });

  test('a key that asked for a touch before it found nothing need not be touched again', () => {
    const driver = new Driver({ ...REQUEST, userVerification: 'discouraged' });
    driver.plug('A', FACTS);
    const { op } = driver.operation('operate');
    driver.input({ type: 'presenceAsked', device: 'A', op });
    expect(driver.state.published?.state).toBe('needsPresence');
    driver.input({ type: 'operationFailed', device: 'A', op, failure: 'noCredentials', detail: '' });
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'noCredentials' });
  });

  test('without any transport there is nothing to wait for', () => {
    const driver = new Driver(REQUEST);
    const problem = { problem: 'unavailable', transport: 'usb', detail: 'libudev is missing.' } as const;
    driver.input({ type: 'transportsChecked', problems: [problem], usable: 1 });
    expect(driver.state.published).toEqual({ state: 'waitingForDevice', problems: [problem] });
    driver.input({ type: 'transportsChecked', problems: [problem], usable: 0 });
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'transportUnavailable' });
  });

  test('a card that lay there before is used after a click, without another tap', () => {
    const driver = new Driver({ ...REQUEST, userVerification: 'discouraged' });
    driver.plug('Reader', FACTS, { presentBefore: true });
    expect(driver.effects.filter(({ type }) => type !== 'publish')).toEqual([]);
    expect(driver.state.published).toEqual({
      state: 'needsReinsert',
      reason: 'presentBefore',
      device: { transport: 'nfc', productName: 'Reader', waitsForConsent: true },
    });
    driver.input({ type: 'cardChosen', readerName: 'Another reader' });
    expect(driver.effects).toEqual([]);
    driver.input({ type: 'cardChosen', readerName: 'Reader' });
    expect(driver.operation('operate').device).toBe('Reader');
  });

  test('a card that lay there before and a USB key: the touch chooses the one, the click the other', () => {
    const driver = new Driver(REQUEST);
    driver.plug('Reader', FACTS, { presentBefore: true });
    driver.input({ type: 'pinRetriesRead', device: 'Reader', op: driver.operation('readPinRetries').op, pinRetries: 8, powerCycleRequired: false });
    driver.plug('A', FACTS);
    // The card was the only key and waited for its PIN: now both are told, and only the USB key asks for a touch.
    expect(driver.operation('selectByTouch').device).toBe('A');
    expect(driver.state.published).toEqual({
      state: 'selectingDevice',
      devices: [
        { transport: 'nfc', productName: 'Reader', waitsForConsent: true },
        { transport: 'usb', productName: 'A' },
      ],
    });
    driver.input({ type: 'cardChosen', readerName: 'Reader' });
    expect(driver.effects).toContainEqual({ type: 'close', device: 'A' });
    expect(driver.state.published).toMatchObject({ state: 'needsPin', device: { productName: 'Reader' } });
  });

  test.each(['denied', 'userTimeout'] as const)('a card that lay there and has no presence left (%s) is to be laid down anew', (failure) => {
    const driver = new Driver({ ...REQUEST, userVerification: 'preferred' });
    driver.plug('Reader', FACTS, { presentBefore: true });
    driver.enterPin('Reader');
    driver.fail('operate', failure);
    expect(driver.state.published).toMatchObject({ state: 'needsReinsert', reason: 'presentBefore' });
    driver.input({ type: 'deviceRemoved', device: 'Reader' });
    expect(driver.effects).toContainEqual({ type: 'close', device: 'Reader' });
    driver.plug('Again', FACTS, { presentBefore: false });
    driver.enterPin('Again');
    driver.fail('operate', failure);
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'deniedOnDevice' });
  });

  test('a card that lay there and asked for a touch was declined', () => {
    const driver = new Driver({ ...REQUEST, userVerification: 'preferred' });
    driver.plug('Reader', FACTS, { presentBefore: true });
    driver.enterPin('Reader');
    const { op } = driver.operation('operate');
    driver.input({ type: 'presenceAsked', device: 'Reader', op });
    driver.input({ type: 'operationFailed', device: 'Reader', op, failure: 'denied', detail: 'For the test.' });
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'deniedOnDevice' });
  });

  test('a USB key is not the only one while a card waits for its owner', () => {
    const driver = new Driver({ ...REQUEST, userVerification: 'preferred' });
    driver.plug('Reader', { ...FACTS, pin: 'notSet' }, { presentBefore: true });
    driver.plug('A', FACTS);
    expect(driver.operation('selectByTouch').device).toBe('A');
    expect(driver.state.published?.state).toBe('selectingDevice');
    driver.input({ type: 'deviceRemoved', device: 'Reader' });
    driver.input({ type: 'touched', device: 'A', op: 4 });
    expect(driver.state.published?.state).toBe('processing');
  });

  test('a system that lets nobody open USB keys, and no reader: a key that is there changes nothing', () => {
    const problem = { problem: 'accessDenied', transport: 'usb', detail: 'Only administrators.' } as const;
    const driver = new Driver(REQUEST);
    driver.input({ type: 'deviceDenied', device: { id: 'A', transport: 'usb', productName: 'A' }, problem });
    driver.input({ type: 'transportsChecked', problems: [problem], usable: 1 });
    // Told once, though the transport and the key say the same.
    expect(driver.state.published).toEqual({ state: 'waitingForDevice', problems: [problem] });
    driver.input({ type: 'transportsChecked', problems: [problem], usable: 0 });
    expect(driver.state.published).toEqual({ state: 'failed', reason: 'transportUnavailable' });
  });

  test('another key in the place of a locked one is asked for its own PIN', () => {
    const driver = new Driver(REQUEST);
    driver.plug('A', FACTS);
    const { op } = driver.operation('readPinRetries');
    driver.input({ type: 'pinRetriesRead', device: 'A', op, pinRetries: 5, powerCycleRequired: true });
    expect(driver.state.published).toMatchObject({ state: 'needsReinsert', pinRetries: 5 });
    driver.plug('B', FACTS);
    driver.input({
      type: 'pinRetriesRead',
      device: 'B',
      op: driver.operation('readPinRetries').op,
      pinRetries: 8,
      powerCycleRequired: false,
    });
    expect(driver.state.published).toMatchObject({ state: 'needsPin', reason: 'needed', pinRetries: 8 });
  });
});
