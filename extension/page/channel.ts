import { encodeBase64url } from '../../shared/bytes/base64url.ts';
import { PROTOCOL_VERSION } from '../../shared/wire/envelope.ts';
import {
  decodePageAnswer,
  HANDSHAKE_EVENT,
  type PageAnswer,
  type PageMethod,
  RELAY_READY_EVENT,
} from '../../shared/wire/page.ts';
import {
  addListener,
  channelPort1,
  channelPort2,
  closePort,
  copyPlain,
  dispatch,
  IntrinsicMessageChannel,
  IntrinsicMessageEvent,
  listOfOne,
  messageData,
  postToPort,
  randomId,
  removeListener,
  startPort,
} from './intrinsics.ts';

/** The page script's way to the relay. */
export interface Channel {
  /** False as long as no relay has taken the other end (the isolated script did not run). */
  readonly connected: boolean;
  /**
   * Sends one call on a port of its own, which nothing else in the page can reach.
   *
   * @returns a function that cancels the call; no answer follows then.
   */
  request(method: PageMethod, options: unknown, onAnswer: (answer: PageAnswer) => void): () => void;
}

/**
 * Hands one end of a new channel to the relay, by an event that both dispatch and receive before any script of the
 * page has run.
 */
export function openChannel(target: EventTarget): Channel {
  const channel = new IntrinsicMessageChannel();
  const port = channelPort1(channel);
  let connected = false;

  function offer(): void {
    if (connected) return;
    const event = new IntrinsicMessageEvent(HANDSHAKE_EVENT, {
      cancelable: true,
      ports: [channelPort2(channel) as MessagePort],
    });
    // The relay takes the port by cancelling the event.
    connected = dispatch(target, event) === false;
    if (connected) removeListener(target, RELAY_READY_EVENT, offer);
  }

  addListener(target, RELAY_READY_EVENT, offer);
  offer();

  return {
    get connected() {
      return connected;
    },
    request(method, options, onAnswer) {
      const own = new IntrinsicMessageChannel();
      const answers = channelPort1(own);
      const id = encodeBase64url(randomId());
      addListener(answers, 'message', (event: unknown) => {
        const answer = decodePageAnswer(copyPlain(messageData(event), null));
        if (answer === undefined) return;
        closePort(answers);
        onAnswer(answer);
      });
      startPort(answers);
      postToPort(port, { v: PROTOCOL_VERSION, id, method, params: { options } }, listOfOne(channelPort2(own)));
      return () => {
        postToPort(answers, { v: PROTOCOL_VERSION, id, cancel: true });
        closePort(answers);
      };
    },
  };
}
