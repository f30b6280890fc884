import { type Bytes, concatBytes, encodeUtf8, equalBytes } from '../../../../shared/bytes/bytes.ts';
import type { Environment } from '../../authenticator/environment.ts';
import type { CardAuthenticatorPort, WorkStatus } from '../../authenticator/exchange.ts';
import { type CardCommand, encodeAnswer, encodeExtended, parseCommand } from './apdu.ts';

const FIDO_AID = Uint8Array.of(0xa0, 0x00, 0x00, 0x06, 0x47, 0x2f, 0x00, 0x01);
/** An applet beside FIDO's that knows no command: what other programs may select (OpenPGP's identifier). */
const OTHER_AID = Uint8Array.of(0xd2, 0x76, 0x00, 0x01, 0x24, 0x01);

const SELECT = 0xa4;
const GET_RESPONSE = 0xc0;
const NFCCTAP_CLASS = 0x80;
const NFCCTAP_MSG = 0x10;
const NFCCTAP_GETRESPONSE = 0x11;
const P1_SUPPORTS_GETRESPONSE = 0x80;
const P1_CANCEL = 0x11;
const CHAINING = 0x10;

const StatusWord = {
  ok: 0x9000,
  update: 0x9100,
  wrongLength: 0x6700,
  chainBroken: 0x6883,
  conditions: 0x6985,
  notFound: 0x6a82,
  insNotSupported: 0x6d00,
  claNotSupported: 0x6e00,
} as const;

const MAX_CHAIN = 8192;
/** Milliseconds that the card works before it says that it still does. */
const UPDATE_AFTER = 60;

/** A CTAP2 command that runs. */
interface Running {
  readonly abort: AbortController;
  readonly response: Promise<Bytes>;
  status: WorkStatus;
}

/**
 * The card's side of NFC: the FIDO applet behind ISO 7816 commands, short with chaining or extended, with 61xx and
 * NFCCTAP_GETRESPONSE. One APDU at a time, as a reader sends them. Source: CTAP 2.1 §11.3; ISO 7816-4.
 */
export class CardApplet {
  readonly #authenticator: CardAuthenticatorPort;
  readonly #environment: Environment;
  #selected: 'fido' | 'other' | undefined;
  #chain: { readonly ins: number; readonly parts: Bytes[]; length: number } | undefined;
  #rest: { data: Bytes; readonly status: number } | undefined;
  #running: Running | undefined;

  constructor(authenticator: CardAuthenticatorPort, environment: Environment) {
    this.#authenticator = authenticator;
    this.#environment = environment;
  }

  /** Takes one APDU; resolves with the answer. Never rejects. */
  async transmit(apdu: Bytes): Promise<Bytes> {
    const command = parseCommand(apdu);
    if (command === undefined || (command.extended && !this.#authenticator.card.nfcExtendedApdus)) return encodeAnswer(StatusWord.wrongLength);
    if (command.ins === GET_RESPONSE) return this.#continueAnswer(command);
    this.#rest = undefined;
    const whole = this.#unchain(command);
    if (typeof whole === 'number') return encodeAnswer(whole);
    const answer = await this.#execute(whole);
    const status = ((answer.at(-2) ?? 0) << 8) | (answer.at(-1) ?? 0);
    return this.#give(answer.slice(0, -2), status, command);
  }

  /** Power is gone: what runs is aborted, and nothing is selected. */
  reset(): void {
    this.#running?.abort.abort();
    this.#running = undefined;
    this.#chain = undefined;
    this.#rest = undefined;
    this.#selected = undefined;
    this.#authenticator.powerCycle();
  }

  /** The command with the data of its chain; a status word when there is more to come, or when the chain is broken. */
  #unchain(command: CardCommand): CardCommand | number {
    const { cla, ins, data } = command;
    const chain = this.#chain ?? { ins, parts: [], length: 0 };
    if (chain.ins !== ins) {
      this.#chain = undefined;
      return StatusWord.chainBroken;
    }
    if ((cla & CHAINING) === 0) {
      this.#chain = undefined;
      return { ...command, data: concatBytes(...chain.parts, data) };
    }
    if (this.#selected !== 'fido') return StatusWord.insNotSupported;
    chain.parts.push(data);
    chain.length += data.length;
    this.#chain = chain.length > MAX_CHAIN ? undefined : chain;
    return this.#chain === undefined ? StatusWord.wrongLength : StatusWord.ok;
  }

  async #execute(command: CardCommand): Promise<Bytes> {
    const { cla, ins } = command;
    if (cla === 0 && ins === SELECT) return this.#select(command.data);
    if (this.#selected !== 'fido') return encodeAnswer(StatusWord.insNotSupported);
    if (cla === 0) {
      if (!this.#authenticator.supportsU2f) return encodeAnswer(StatusWord.insNotSupported);
      return this.#authenticator.message(encodeExtended(command));
    }
    if (cla !== NFCCTAP_CLASS) return encodeAnswer(StatusWord.claNotSupported);
    if (!this.#authenticator.supportsCbor) return encodeAnswer(StatusWord.claNotSupported);
    if (ins === NFCCTAP_MSG) return this.#start(command);
    if (ins === NFCCTAP_GETRESPONSE) return this.#proceed(command);
    return encodeAnswer(StatusWord.insNotSupported);
  }

  #select(aid: Bytes): Bytes {
    this.#running?.abort.abort();
    this.#running = undefined;
    if (equalBytes(aid, OTHER_AID)) {
      this.#selected = 'other';
      return encodeAnswer(StatusWord.ok);
    }
    if (!equalBytes(aid, FIDO_AID)) return encodeAnswer(StatusWord.notFound);
    this.#selected = 'fido';
    return encodeAnswer(StatusWord.ok, encodeUtf8(this.#authenticator.supportsU2f ? 'U2F_V2' : 'FIDO_2_0'));
  }

  #start({ p1, data }: CardCommand): Promise<Bytes> {
    this.#running?.abort.abort();
    const abort = new AbortController();
    const running: Running = {
      abort,
      status: 'processing',
      response: this.#authenticator.call(data, {
        signal: abort.signal,
        keepalive: (status) => {
          running.status = status;
        },
      }),
    };
    this.#running = running;
    const polls = this.#authenticator.card.nfcStatusUpdates && (p1 & P1_SUPPORTS_GETRESPONSE) !== 0;
    return polls ? this.#updateOrAnswer(running) : this.#answer(running);
  }

  #proceed({ p1 }: CardCommand): Promise<Bytes> {
    const running = this.#running;
    if (running === undefined) return Promise.resolve(encodeAnswer(StatusWord.conditions));
    if (p1 === P1_CANCEL) {
      running.abort.abort();
      return this.#answer(running);
    }
    return this.#updateOrAnswer(running);
  }

  async #answer(running: Running): Promise<Bytes> {
    const response = await running.response;
    if (this.#running === running) this.#running = undefined;
    return encodeAnswer(StatusWord.ok, response);
  }

  #updateOrAnswer(running: Running): Promise<Bytes> {
    return new Promise((resolve) => {
      let isSettled = false;
      const cancel = this.#environment.schedule(UPDATE_AFTER, () => {
        isSettled = true;
        resolve(encodeAnswer(StatusWord.update, Uint8Array.of(running.status === 'userPresenceNeeded' ? 2 : 1)));
      });
      void running.response.then(() => {
        // Too late when the update has gone out: the next question brings the answer.
        if (isSettled) return;
        cancel();
        resolve(this.#answer(running));
      });
    });
  }

  /** As much of an answer as the reader can take; 61xx says that there is more. */
  #give(data: Bytes, status: number, { expected, extended }: CardCommand): Bytes {
    const size = extended ? expected : Math.min(expected, this.#authenticator.card.nfcMaxAnswer);
    if (data.length <= size || data.length === 0) return encodeAnswer(status, data);
    this.#rest = { data: data.slice(size), status };
    return encodeAnswer(moreData(this.#rest.data.length), data.slice(0, size));
  }

  #continueAnswer({ expected }: CardCommand): Bytes {
    const rest = this.#rest;
    if (rest === undefined) return encodeAnswer(StatusWord.conditions);
    const { length } = rest.data;
    // A Le of 0 asks for all there is; any other must not be more than that.
    if (expected !== 256 && expected > length) return encodeAnswer(0x6c00 | length);
    const part = rest.data.slice(0, expected);
    rest.data = rest.data.slice(expected);
    if (rest.data.length > 0) return encodeAnswer(moreData(rest.data.length), part);
    this.#rest = undefined;
    return encodeAnswer(rest.status, part);
  }
}

function moreData(length: number): number {
  return 0x6100 | Math.min(length, 0x100) % 0x100;
}
