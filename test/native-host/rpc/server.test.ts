import { PassThrough } from 'node:stream';

import { afterEach, describe, expect, test } from 'vitest';

import type { RunningCeremony } from '../../../native-host/ceremony/runner.ts';
import type { CeremonyFailure, CeremonyOutcome, UserInput } from '../../../native-host/ceremony/request.ts';
import { createKeyAccess } from '../../../native-host/ceremony/key-access.ts';
import type { CeremonyStarter } from '../../../native-host/rpc/live-ceremonies.ts';
import { type Server, startServer } from '../../../native-host/rpc/server.ts';
import { createFrameDecoder, encodeFrame } from '../../../native-host/stdio/frame.ts';
import type { Device, DeviceListener, Transport } from '../../../native-host/transport/device.ts';
import { transportFailure } from '../../../native-host/transport/errors.ts';
import { onAbort } from '../../../native-host/transport/signals.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { ParamsOf } from '../../../shared/wire/hop.ts';
import { nativeHop, type NativeHop } from '../../../shared/wire/native.ts';
import { createRequester, type Requester } from '../../../shared/wire/requester.ts';
import { scriptedDevice } from '../support/scripted-device.ts';

const REGISTRATION: ParamsOf<NativeHop, 'registration.start'> = {
  clientDataHash: 'A'.repeat(43),
  rp: { id: 'example.org', name: 'Example' },
  user: { id: 'AQ', name: 'ada', displayName: 'Ada' },
  algorithms: [-7],
  excludeCredentials: [],
  residentKey: 'preferred',
  userVerification: 'preferred',
  timeout: 60_000,
  promptVisible: true,
};

const silentTransport: Transport = {
  kind: 'usb',
  status: () => Promise.resolve({ available: false, problem: 'unavailable', detail: 'libudev.so.1 is missing.' }),
  watch: () => () => undefined,
  open: () => Promise.reject(new Error('Nothing is opened here.')),
};

/** A transport with one key, which answers nothing until it is cancelled, and closes when the test says so. */
class StagedKey implements Transport {
  readonly kind = 'usb';
  readonly asked: Promise<void>;
  readonly closing: Promise<void>;
  finishClosing: () => void = () => undefined;
  readonly #device: Device;

  constructor() {
    let ask: () => void;
    this.asked = new Promise((resolve) => (ask = resolve));
    let beginClosing: () => void;
    this.closing = new Promise((resolve) => (beginClosing = resolve));
    const closed = new Promise<void>((resolve) => (this.finishClosing = resolve));
    this.#device = {
      ...scriptedDevice(),
      descriptor: DESCRIPTOR,
      call: (_request, { signal }) => {
        ask();
        return new Promise((resolve) => onAbort([signal], () => resolve(transportFailure('usb', 'cancelled', 'Cancelled.'))));
      },
      close: () => {
        beginClosing();
        return closed;
      },
    };
  }

  readonly status = (): ReturnType<Transport['status']> => Promise.resolve({ available: true });

  readonly watch = (listener: DeviceListener): (() => void) => {
    queueMicrotask(() => listener.added(DESCRIPTOR));
    return () => undefined;
  };

  readonly open = (): ReturnType<Transport['open']> => Promise.resolve(success(this.#device));
}

const DESCRIPTOR = { id: 'usb:1', transport: 'usb', productName: 'Key' } as const;

/** A ceremony whose end the test decides. */
class StagedCeremony implements RunningCeremony {
  readonly outcome: Promise<Result<CeremonyOutcome, CeremonyFailure>>;
  readonly released: Promise<void>;
  readonly inputs: UserInput[] = [];
  settle: (result: Result<CeremonyOutcome, CeremonyFailure>) => void = () => undefined;
  release: () => void = () => undefined;

  constructor() {
    this.outcome = new Promise((resolve) => (this.settle = resolve));
    this.released = new Promise((resolve) => (this.release = resolve));
  }

  readonly input = (input: UserInput): boolean => {
    this.inputs.push(input);
    return input.type === 'pinSubmitted';
  };

  readonly abort = (reason: CeremonyFailure): void => this.settle(failure(reason));
}

/** The server in this process, with the asking side of the hop connected to its streams. */
class Fixture {
  readonly input = new PassThrough();
  readonly log: string[] = [];
  /** How often it was asked for. */
  metadataLoads = 0;
  readonly server: Server;
  readonly requester: Requester<NativeHop>;

  constructor(startCeremony: CeremonyStarter, transports: readonly Transport[] = []) {
    const output = new PassThrough();
    this.server = startServer({
      input: this.input,
      output,
      caller: { browser: 'chromium', extensionId: 'x' },
      facts: { version: '1.0.0', platform: 'test', development: false },
      transports,
      startCeremony,
      keys: createKeyAccess(transports),
      metadata: {
        status: () => {
          this.metadataLoads += 1;
          return Promise.resolve({ state: 'none', detail: 'No metadata is set up.' });
        },
        ready: () => Promise.resolve(),
        find: () => Promise.resolve(undefined),
      },
      log: (text) => this.log.push(text),
    });
    let count = 0;
    this.requester = createRequester(nativeHop, {
      newId: () => `request-${(count += 1).toString()}`,
      send: (message) => {
        const frame = encodeFrame(message);
        if (frame.ok) this.input.write(frame.value);
      },
    });
    const decoder = createFrameDecoder();
    output.on('data', (chunk: Uint8Array) => {
      for (const frame of decoder.push(chunk)) {
        if (frame.kind === 'message') this.requester.receive(frame.value);
      }
    });
  }

  async hello(): Promise<void> {
    const answer = await this.requester.request('host.hello', { protocol: 1, client: { version: '1' } });
    expect(answer).toMatchObject({ ok: true });
  }
}

describe('server', () => {
  const fixtures: Fixture[] = [];

  afterEach(() => {
    for (const { server } of fixtures.splice(0)) server.stop();
  });

  function start(starter: CeremonyStarter, transports?: readonly Transport[]): Fixture {
    const fixture = new Fixture(starter, transports);
    fixtures.push(fixture);
    return fixture;
  }

  test('a transport that cannot be used is told with the reason', async () => {
    const { requester } = start(() => new StagedCeremony(), [silentTransport]);
    const answer = await requester.request('host.hello', { protocol: 1, client: { version: '1' } });
    expect(answer.ok && answer.value.transports).toEqual([
      { kind: 'usb', available: false, detail: 'libudev.so.1 is missing.' },
    ]);
  });

  test('metadata is loaded while a registration is under way, as it may be asked for at its end', async () => {
    const ceremony = new StagedCeremony();
    const fixture = start(() => ceremony);
    await fixture.hello();
    const { clientDataHash, userVerification, timeout, promptVisible } = REGISTRATION;
    const signIn = { clientDataHash, userVerification, timeout, promptVisible, rpId: 'example.org', allowCredentials: [] };
    void fixture.requester.request('authentication.start', signIn);
    await fixture.requester.request('ceremony.submitPin', { ceremonyId: 'other', pin: '1234' });
    expect(fixture.metadataLoads).toBe(0);
    void fixture.requester.request('registration.start', REGISTRATION);
    await fixture.requester.request('ceremony.submitPin', { ceremonyId: 'other', pin: '1234' });
    expect(fixture.metadataLoads).toBe(1);
  });

  test('inputs reach the ceremony that they name, and it decides whether it wants them', async () => {
    const ceremony = new StagedCeremony();
    const fixture = start(() => ceremony);
    await fixture.hello();
    const { requester } = fixture;
    const running = requester.request('registration.start', REGISTRATION, { id: 'this-one' });
    const pin = { ceremonyId: 'this-one', pin: '1234' };
    expect(await requester.request('ceremony.submitPin', pin)).toMatchObject({ ok: true });
    expect(await requester.request('ceremony.submitNewPin', pin)).toMatchObject({ error: { error: { reason: 'notExpected' } } });
    expect(await requester.request('ceremony.submitPin', { ...pin, ceremonyId: 'other' })).toMatchObject({ ok: false });
    expect(ceremony.inputs.map(({ type }) => type)).toEqual(['pinSubmitted', 'newPinSubmitted']);
    ceremony.settle(failure({ reason: 'timeout', message: 'Over.' }));
    expect(await running).toMatchObject({ error: { error: { reason: 'timeout' } } });
    ceremony.release();
  });

  test('a result that the browser would not take becomes an error', async () => {
    const ceremony = new StagedCeremony();
    const fixture = start(() => ceremony);
    await fixture.hello();
    const running = fixture.requester.request('registration.start', REGISTRATION);
    ceremony.settle(
      success({
        kind: 'registration',
        attestationObject: new Uint8Array(1024 * 1024),
        transports: ['usb'],
        discoverable: true,
        enterpriseAttestation: false,
        extensions: {},
      }),
    );
    expect(await running).toMatchObject({ error: { error: { reason: 'internal' } } });
    ceremony.release();
  });

  test('a fault is an answer and a line in the log, and the server lives on', async () => {
    const fixture = start(() => {
      throw new TypeError('The text quotes a PIN: 271828.\nAnd goes on: 271828.');
    });
    await fixture.hello();
    expect(await fixture.requester.request('registration.start', REGISTRATION)).toMatchObject({
      error: { error: { reason: 'internal' } },
    });
    const log = fixture.log.join('\n');
    expect(log).toContain('TypeError');
    expect(log).toContain('server.test.ts');
    expect(log).not.toContain('271828');
    await fixture.hello();
  });

  test('a fault outside of any request ends the running ceremony', async () => {
    const ceremony = new StagedCeremony();
    const fixture = start(() => ceremony);
    await fixture.hello();
    const running = fixture.requester.request('registration.start', REGISTRATION);
    await fixture.hello();
    fixture.server.fault(new Error('A planted fault.'));
    expect(await running).toMatchObject({ error: { error: { reason: 'internal' } } });
    await fixture.hello();
    ceremony.release();
  });

  test('the end of the input cancels the ceremony and waits until its keys are closed', async () => {
    const ceremony = new StagedCeremony();
    const fixture = start(() => ceremony);
    await fixture.hello();
    void fixture.requester.request('registration.start', REGISTRATION);
    await fixture.hello();
    let isOver = false;
    void fixture.server.ended.then(() => (isOver = true));
    fixture.input.end();
    expect(await ceremony.outcome).toMatchObject({ error: { reason: 'cancelled' } });
    expect(isOver).toBe(false);
    ceremony.release();
    await fixture.server.ended;
  });

  test('the end of the input ends a removal and waits until its key is closed', async () => {
    const key = new StagedKey();
    const fixture = start(() => new StagedCeremony(), [key]);
    await fixture.hello();
    void fixture.requester.request('credential.delete', { credentialId: 'AQID' });
    await key.asked;
    let isOver = false;
    void fixture.server.ended.then(() => (isOver = true));
    fixture.input.end();
    await key.closing;
    expect(isOver).toBe(false);
    key.finishClosing();
    await fixture.server.ended;
    expect(fixture.log).toEqual([]);
  });

  test('a ceremony and a removal, or two removals, do not run at the same time', async () => {
    const key = new StagedKey();
    const ceremony = new StagedCeremony();
    const fixture = start(() => ceremony, [key]);
    await fixture.hello();
    const { requester } = fixture;
    const removal = { credentialId: 'AQID' };
    const refused = { error: { error: { reason: 'notExpected' } } };
    const running = requester.request('registration.start', REGISTRATION);
    expect(await requester.request('credential.delete', removal)).toMatchObject(refused);
    ceremony.settle(failure({ reason: 'timeout', message: 'Over.' }));
    ceremony.release();
    await running;
    const abort = new AbortController();
    const first = requester.request('credential.delete', removal, { signal: abort.signal });
    await key.asked;
    expect(await requester.request('credential.delete', removal)).toMatchObject(refused);
    expect(await requester.request('registration.start', REGISTRATION)).toMatchObject(refused);
    key.finishClosing();
    abort.abort();
    await first;
  });

  test('a fault outside of any request ends a removal', async () => {
    const key = new StagedKey();
    const fixture = start(() => new StagedCeremony(), [key]);
    await fixture.hello();
    const running = fixture.requester.request('credential.delete', { credentialId: 'AQID' });
    await key.asked;
    key.finishClosing();
    fixture.server.fault(new Error('A planted fault.'));
    expect(await running).toEqual({ ok: true, value: { outcome: 'failed' } });
  });

  test('keys that do not close hold the end up for a bounded time only', async () => {
    const ceremony = new StagedCeremony();
    const fixture = start(() => ceremony);
    await fixture.hello();
    void fixture.requester.request('registration.start', REGISTRATION);
    await fixture.hello();
    fixture.input.end();
    await fixture.server.ended;
    expect(fixture.log.at(-1)).toContain('did not close in time');
  });
});
