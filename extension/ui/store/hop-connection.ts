import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { HopDefinition } from '../../../shared/wire/hop.ts';
import { createRequester, type Requester } from '../../../shared/wire/requester.ts';
import type { UiPlatform } from './port.ts';

/**
 * Connects a page to the background over a hop. A message that does not decode closes the connection, as at every
 * boundary: requests that run then end with `disconnected`.
 *
 * @param onLost called once, when the background went away or broke the protocol.
 */
export function connectHop<Hop extends HopDefinition>(
  hop: Hop,
  portName: string,
  platform: UiPlatform,
  onLost: () => void,
): Requester<Hop> {
  let lost = false;
  function lose(): void {
    if (lost) return;
    lost = true;
    requester.disconnected();
    onLost();
  }
  const requester = createRequester(hop, {
    send: (message) => port.postMessage(message),
    newId: () => encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
  });
  const port = platform.connect(
    portName,
    (message) => {
      if (lost || requester.receive(message) === 'taken') return;
      port.disconnect();
      lose();
    },
    lose,
  );
  return requester;
}
