import type { Readable, Writable } from 'node:stream';

import { type Message, PROTOCOL_VERSION, type ResponseMessage } from '../../shared/wire/envelope.ts';
import { nativeHop } from '../../shared/wire/native.ts';
import { createResponder, type Violation } from '../../shared/wire/responder.ts';
import { startPump } from '../stdio/pump.ts';
import type { IncomingFrame } from '../stdio/frame.ts';
import type { KeyAccess } from '../ceremony/key-access.ts';
import type { MetadataStore } from '../metadata/metadata-store.ts';
import type { Transport } from '../transport/device.ts';
import { authenticationHandler } from './authentication.ts';
import type { Caller } from './caller.ts';
import { ceremonyInputHandlers } from './ceremony-inputs.ts';
import { requireHello } from './greeting.ts';
import { type HostFacts, helloHandler, type Session } from './hello.ts';
import { type CeremonyStarter, createLiveCeremonies } from './live-ceremonies.ts';
import { deleteCredentialHandler } from './delete-credential.ts';
import { metadataHandler } from './metadata.ts';
import { registrationHandler } from './registration.ts';
import { type WireError, wireFailure } from './wire-error.ts';

/** ID of an answer to something that had none. */
export const MALFORMED_ID = 'malformed';

/** Milliseconds that closing the keys may take once the browser is gone. */
const RELEASE_DEADLINE = 1500;

/** What the server is built from. */
export interface ServerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly caller: Caller;
  readonly facts: HostFacts;
  readonly transports: readonly Transport[];
  readonly startCeremony: CeremonyStarter;
  /** The same way to the keys that ceremonies use. */
  readonly keys: KeyAccess;
  readonly metadata: Pick<MetadataStore, 'status' | 'ready' | 'find'>;
  /** For diagnostics; never given a message's content. */
  readonly log: (text: string) => void;
}

/** The running server. */
export interface Server {
  /** Resolves when the browser has gone and the keys are closed, or would not close in time. */
  readonly ended: Promise<void>;
  /** Ends what runs with a key after a fault outside of any request; the server lives on. */
  readonly fault: (error: unknown) => void;
  /** Ends everything, as when the browser goes. */
  readonly stop: () => void;
}

/** Serves one browser over a pair of streams until they end. */
export function startServer(options: ServerOptions): Server {
  const { caller, facts, transports, log } = options;
  const ceremonies = createLiveCeremonies(options.startCeremony);
  const session: Session = { greeted: false };
  let stopped = false;
  let resolveEnded: () => void;
  const ended = new Promise<void>((resolve) => (resolveEnded = resolve));

  const pump = startPump({ input: options.input, output: options.output, onFrame, onEnd });
  const responder = createResponder({
    hop: nativeHop,
    caller,
    handlers: {
      'host.hello': helloHandler(session, facts, transports),
      ...requireHello(session, {
        'registration.start': registrationHandler(ceremonies, options.metadata),
        'metadata.lookup': metadataHandler(options.metadata),
        'credential.delete': deleteCredentialHandler(options.keys, ceremonies),
        'authentication.start': authenticationHandler(ceremonies),
        ...ceremonyInputHandlers(ceremonies),
      }),
    },
    send,
    onViolation: answerViolation,
    onFault(fault, method): WireError {
      log(`${method} failed by a fault of the host's own: ${describeFault(fault)}`);
      return { reason: 'internal', message: 'The host has a fault; its standard error says more.' };
    },
  });

  function send(message: Message): void {
    if (pump.send(message)) return;
    log('A message was larger than a browser accepts.');
    const tooLarge = wireFailure('internal', 'The answer is larger than a browser accepts from a host.');
    pump.send({ v: PROTOCOL_VERSION, id: message.id, ...tooLarge } satisfies ResponseMessage);
  }

  function answerViolation(violation: Violation): WireError {
    log(`Refused a message: ${violation.kind}.`);
    switch (violation.kind) {
      case 'unknownMethod':
        return { reason: 'unknownMethod', message: 'The host has no such method.' };
      case 'invalidParams':
        return { reason: 'invalidParams', message: `${violation.error.path}: ${violation.error.message}` };
      case 'duplicateId':
        return { reason: 'notExpected', message: 'A request with this ID is running.' };
      case 'malformedMessage':
        sendMalformed('The message is no request of this protocol.');
        return { reason: 'malformedMessage', message: 'The message is no request of this protocol.' };
    }
  }

  function sendMalformed(message: string): void {
    send({ v: PROTOCOL_VERSION, id: MALFORMED_ID, ...wireFailure('malformedMessage', message) });
  }

  function onFrame(frame: IncomingFrame): void {
    switch (frame.kind) {
      case 'message':
        responder.receive(frame.value);
        break;
      case 'notJson':
        log('Refused a frame that is not JSON.');
        sendMalformed('The frame is not JSON in UTF-8.');
        break;
      case 'oversized':
        log('Refused a frame that is larger than allowed.');
        sendMalformed('The frame is larger than the host accepts.');
        break;
    }
  }

  function onEnd(clean: boolean): void {
    if (!clean) log('The browser went away in the middle of a message.');
    stop();
  }

  function stop(): void {
    if (stopped) return;
    stopped = true;
    responder.disconnected();
    const deadline = setTimeout(() => {
      log('A key did not close in time.');
      resolveEnded();
    }, RELEASE_DEADLINE);
    void ceremonies.released().then(async () => {
      await pump.flushed();
      clearTimeout(deadline);
      resolveEnded();
    });
  }

  return {
    ended,
    stop,
    fault(error) {
      log(`A fault of the host's own: ${describeFault(error)}`);
      ceremonies.abortAll({ reason: 'internal', message: 'The host has a fault; its standard error says more.' });
    },
  };
}

/** Name and place of a fault, never its text: that may quote what was being handled (a PIN, for one). */
function describeFault(fault: unknown): string {
  if (!(fault instanceof Error)) return typeof fault;
  const places = (fault.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [fault.name, ...places].join('\n');
}
