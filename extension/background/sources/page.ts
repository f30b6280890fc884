import { toPageError, WebauthnErrorName } from '../../../shared/webauthn/errors.ts';
import { CeremonyKind } from '../../../shared/wire/ceremony-state.ts';
import { createResponder } from '../../../shared/wire/responder.ts';
import { runtimeHop } from '../../../shared/wire/runtime.ts';
import type { FrameInfo, RuntimePort } from '../../platform/ports.ts';
import type { Client } from '../client/client.ts';
import { decodeFrameSender, resolveCaller } from '../sender.ts';

/** What the page source works with. */
export interface PageSourceServices {
  readonly client: Client;
  readonly extensionId: string;
  readonly frames: (tabId: number) => Promise<readonly FrameInfo[]>;
  readonly reportFault: (fault: unknown, where: string) => void;
}

/**
 * Serves the relay of one document. Who calls is what the browser says of the connection; of the messages only the
 * options and the relay's facts of its frame are read. The end of the connection ends the document's requests;
 * a message that does not decode ends the connection, and the relay then answers its page.
 */
export function servePage(port: RuntimePort, { client, extensionId, frames, reportFault }: PageSourceServices): void {
  const sender = decodeFrameSender(port.sender, extensionId);
  if (!sender.ok) {
    port.disconnect();
    return;
  }
  // Asked for at once and only once: ancestors cannot change while the frame lives.
  const caller = resolveCaller(sender.value, frames);

  const responder = createResponder({
    hop: runtimeHop,
    caller,
    handlers: {
      create: ({ options, frame }, { signal }) =>
        client.call({ kind: CeremonyKind.registration, options, frame, caller, signal }),
      get: ({ options, frame }, { signal }) =>
        client.call({ kind: CeremonyKind.authentication, options, frame, caller, signal }),
    },
    send: (message) => port.post(message),
    onViolation() {
      responder.disconnected();
      port.disconnect();
      return undefined;
    },
    onFault(fault, method) {
      reportFault(fault, method);
      return toPageError(WebauthnErrorName.notAllowed);
    },
  });
  port.onMessage((message) => responder.receive(message));
  port.onDisconnect(() => responder.disconnected());
}
