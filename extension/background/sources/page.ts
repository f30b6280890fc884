import { success } from '../../../shared/bytes/result.ts';
import { toPageError, WebauthnErrorName } from '../../../shared/webauthn/errors.ts';
import { CeremonyKind } from '../../../shared/wire/ceremony-state.ts';
import type { ParamsOf } from '../../../shared/wire/hop.ts';
import { createResponder } from '../../../shared/wire/responder.ts';
import { StandAsideReason } from '../../../shared/wire/page.ts';
import { runtimeHop, type RuntimeHop } from '../../../shared/wire/runtime.ts';
import type { FrameInfo, RuntimePort } from '../../platform/ports.ts';
import type { Client, ClientAnswer } from '../client/client.ts';
import { decodeFrameSender, resolveCaller } from '../sender.ts';

/** What the page source works with. */
export interface PageSourceServices {
  readonly client: Client;
  readonly extensionId: string;
  readonly frames: (tabId: number) => Promise<readonly FrameInfo[]>;
  /** Calls shall come by the browser's proxy; asked at each call. */
  readonly isProxied: () => Promise<boolean>;
  readonly reportFault: (fault: unknown, where: string) => void;
}

/**
 * Serves the relay of one document. Who calls is what the browser says of the connection; of the messages only the
 * options and the relay's facts of its frame are read. The end of the connection ends the document's requests;
 * a message that does not decode ends the connection, and the relay then answers its page.
 */
export function servePage(port: RuntimePort, { client, extensionId, frames, isProxied, reportFault }: PageSourceServices): void {
  const sender = decodeFrameSender(port.sender, extensionId);
  if (!sender.ok) {
    port.disconnect();
    return;
  }
  // Asked for at once and only once: ancestors cannot change while the frame lives.
  const caller = resolveCaller(sender.value, frames);

  /** Never both lanes for one call: what the proxy is to bring goes to the browser first. */
  async function call(
    kind: CeremonyKind,
    { options, frame }: ParamsOf<RuntimeHop, 'create'>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<ClientAnswer> {
    if (await isProxied()) return success({ outcome: 'standAside', reason: StandAsideReason.proxied });
    return client.call({ kind, options, frame, caller, signal });
  }

  const responder = createResponder({
    hop: runtimeHop,
    caller,
    handlers: {
      create: (params, context) => call(CeremonyKind.registration, params, context),
      get: (params, context) => call(CeremonyKind.authentication, params, context),
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
