import { readdir } from 'node:fs/promises';

import { afterEach, describe, expect, test } from 'vitest';

import { CHROMIUM_EXTENSION_ID as EXTENSION } from '../../../manifests/extension-identity.ts';
import { encodeFrame, MAX_INCOMING_BODY } from '../../../native-host/stdio/frame.ts';
import { encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import type { ParamsOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import { type HostProcess, type HostProcessOptions, startHostProcess } from '../../support/host-process.ts';

/** The host as its own process, without any key. */
describe('host process', () => {
  const hosts: HostProcess[] = [];

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.stop()));
  });

  async function start(options?: HostProcessOptions): Promise<HostProcess> {
    const host = await startHostProcess(options);
    hosts.push(host);
    return host;
  }

  function frame(body: Uint8Array, length = body.length): Uint8Array {
    const bytes = new Uint8Array(4 + body.length);
    new DataView(bytes.buffer).setUint32(0, length, true);
    bytes.set(body, 4);
    return bytes;
  }

  function send(host: HostProcess, message: unknown): void {
    const encoded = encodeFrame(message);
    if (encoded.ok) host.write(encoded.value);
  }

  function answerTo(id: string): (message: unknown) => boolean {
    return (message) => (message as { id?: unknown }).id === id;
  }

  const HELLO = { protocol: 1, client: { version: '1.2.3' } };
  const AUTHENTICATION: ParamsOf<NativeHop, 'authentication.start'> = {
    clientDataHash: 'A'.repeat(43),
    rpId: 'example.org',
    allowCredentials: [],
    userVerification: 'preferred',
    timeout: 60_000,
    promptVisible: true,
  };

  test.runIf(process.platform === 'linux')('has threads to spare for readers that hang: files and USB keys need some too', async () => {
    const host = await start();
    await host.requester.request('host.hello', HELLO);
    // The pool of sixteen, and Node's own threads beside it.
    expect((await readdir(`/proc/${host.pid.toString()}/task`)).length).toBeGreaterThan(16);
  });

  test('hello is answered with name, version and transports', async () => {
    const host = await start({ keys: '127.0.0.1:9' });
    const answer = await host.requester.request('host.hello', HELLO);
    expect(answer).toMatchObject({
      ok: true,
      value: {
        name: 'org.keystile.host',
        version: '0.0.0-test',
        protocol: 1,
        platform: `${process.platform}-${process.arch}`,
        development: true,
      },
    });
    expect(answer.ok && answer.value.transports).toContainEqual({ kind: 'udp', available: true });
  });

  test('without the option for development there is no development transport', async () => {
    const host = await startHostProcess({ keys: '127.0.0.1:9', args: [`chrome-extension://${EXTENSION}/`] });
    hosts.push(host);
    const answer = await host.requester.request('host.hello', HELLO);
    expect(answer).toMatchObject({ ok: true, value: { development: false } });
    expect(answer.ok && answer.value.transports.map(({ kind }) => kind)).not.toContain('udp');
  });

  test('another version of the protocol is refused, and nothing else is served after it', async () => {
    const host = await start();
    const answer = await host.requester.request('host.hello', { ...HELLO, protocol: 2 });
    expect(answer).toMatchObject({ ok: false, error: { kind: 'error', error: { reason: 'incompatible' } } });
    const next = await host.requester.request('authentication.start', AUTHENTICATION);
    expect(next).toMatchObject({ ok: false, error: { kind: 'error', error: { reason: 'notExpected' } } });
  });

  test.each([
    ['text that is no JSON', frame(encodeUtf8('{nonsense'))],
    ['an empty frame', frame(new Uint8Array(0))],
    ['bytes that are no UTF-8', frame(Uint8Array.of(0x22, 0xc0, 0x22))],
    ['JSON that is no message', frame(encodeUtf8('[1,2,3]'))],
    ['a message of another version', frame(encodeUtf8('{"v":2,"id":"a","method":"host.hello"}'))],
    ['a response', frame(encodeUtf8('{"v":1,"id":"a","ok":true,"result":{}}'))],
    ['a frame that is too large', frame(new Uint8Array(MAX_INCOMING_BODY + 1))],
  ])('%s is answered, and the host lives on', async (_name, bytes) => {
    const host = await start();
    host.write(bytes);
    expect(await host.message(answerTo('malformed'))).toMatchObject({ ok: false, error: { reason: 'malformedMessage' } });
    await host.hello();
  });

  test('unknown methods and wrong parameters are answered under their id, without the value', async () => {
    const host = await start();
    await host.hello();
    send(host, { v: 1, id: 'unknown', method: 'host.selfDestruct', params: {} });
    expect(await host.message(answerTo('unknown'))).toMatchObject({ error: { reason: 'unknownMethod' } });
    send(host, { v: 1, id: 'proto', method: 'toString', params: {} });
    expect(await host.message(answerTo('proto'))).toMatchObject({ error: { reason: 'unknownMethod' } });
    send(host, { v: 1, id: 'params', method: 'ceremony.submitPin', params: { ceremonyId: 'x', pin: ['81549'] } });
    const refused = await host.message(answerTo('params'));
    expect(refused).toMatchObject({ error: { reason: 'invalidParams' } });
    expect(JSON.stringify(refused)).not.toContain('81549');
    expect(host.stderr()).not.toContain('81549');
    const noHash = await host.requester.request('authentication.start', { ...AUTHENTICATION, clientDataHash: 'AAAA' });
    expect(noHash).toMatchObject({ ok: false, error: { error: { reason: 'invalidParams' } } });
  });

  test('inputs for a ceremony that does not run are not expected', async () => {
    const host = await start();
    await host.hello();
    const answer = await host.requester.request('ceremony.submitPin', { ceremonyId: 'gone', pin: '1234' });
    expect(answer).toMatchObject({ ok: false, error: { error: { reason: 'notExpected' } } });
  });

  test('the end of the input ends the host, in the middle of a frame too', async () => {
    const host = await start();
    await host.hello();
    host.write(frame(encodeUtf8('{"cut'), 100));
    await host.stop();
    expect(await host.exited).toEqual({ code: 0, signal: null });
  });

  test.each([
    ['another extension', ['chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba/']],
    ['nobody', []],
  ])('%s is refused with a frame and a text', async (_name, args) => {
    const host = await startHostProcess({ args });
    expect(await host.exited).toMatchObject({ code: 1 });
    expect(host.messages).toEqual([
      { v: 1, id: 'malformed', ok: false, error: { reason: 'notExpected', message: expect.any(String) as string } },
    ]);
    expect(host.stderr()).toContain('own extension only');
  });
});
