import { encodeBase64url } from '../../shared/bytes/base64url.ts';
import { PROTOCOL_VERSION } from '../../shared/wire/envelope.ts';
import {
  decodePageAnswer,
  HANDSHAKE_EVENT,
  LOST_ANSWER,
  type PageAnswer,
  type PageMethod,
  RELAY_READY_EVENT,
} from '../../shared/wire/page.ts';
import {
  addListener,
  bare,
  channelPort1,
  channelPort2,
  closePort,
  copyPlain,
  dispatch,
  IntrinsicEvent,
  IntrinsicMessageChannel,
  IntrinsicMessageEvent,
  listOfOne,
  messageData,
  postToPort,
  randomId,
  removeListener,
  startInterval,
  startPort,
  stopInterval,
} from './intrinsics.ts';

/** Milliseconds between two looks whether the relay of a call that runs is still there. */
const RELAY_CHECK = 1000;

/** The page script's way to the relay. */
export interface Channel {
  /**
   * False as long as no relay has taken the other end (the isolated script did not run), and again when it has ended:
   * Firefox ends the relays of every page when the extension is updated, disabled or removed.
   */
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
  // A name that no script of the page can know, and so neither listen to nor send.
  const aliveEvent = encodeBase64url(randomId());
  // An object of the realm that keeps its listeners when the page writes its document anew.
  const alive = performance;
  let connected = false;

  function isAlive(): boolean {
    // A relay that lives cancels the event.
    return connected && dispatch(alive, new IntrinsicEvent(aliveEvent, bare({ cancelable: true }))) === false;
  }

  function offer(): void {
    if (connected) return;
    const event = new IntrinsicMessageEvent(HANDSHAKE_EVENT, {
      cancelable: true,
      data: aliveEvent,
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
      return isAlive();
    },
    request(method, options, onAnswer) {
      const own = new IntrinsicMessageChannel();
      const answers = channelPort1(own);
      const id = encodeBase64url(randomId());
      const watch = startInterval(() => {
        if (!isAlive()) finish({ ok: false, error: LOST_ANSWER });
      }, RELAY_CHECK);
      const end = (): void => {
        stopInterval(watch);
        closePort(answers);
      };
      const finish = (answer: PageAnswer): void => {
        end();
        onAnswer(answer);
      };
      addListener(answers, 'message', (event: unknown) => {
        const answer = decodePageAnswer(copyPlain(messageData(event), null));
        if (answer !== undefined) finish(answer);
      });
      startPort(answers);
      postToPort(port, { v: PROTOCOL_VERSION, id, method, params: { options } }, listOfOne(channelPort2(own)));
      return () => {
        postToPort(answers, { v: PROTOCOL_VERSION, id, cancel: true });
        end();
      };
    },
  };
}
