import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import {
  type CallOptions,
  type Device,
  type DeviceDescriptor,
  type TransportError,
  TransportKind,
  TransportProblem,
} from '../device.ts';
import { transportFailure } from '../errors.ts';
import { isAborted } from '../signals.ts';
import { Turns } from '../turns.ts';
import { type ApduError, ApduStatus, type CommandApdu, decodeExtendedApdu, exchangeApdu, isNotKnown, type ResponseApdu } from './apdu.ts';
import { Attempt } from './attempt.ts';
import type { CardFailure, CardLink } from './card-link.ts';
import { type AppletVersion, exchangeCtap, parseAppletVersion, SELECT_FIDO } from './nfcctap.ts';

/** What is known of a key beside its card. */
export interface NfcDeviceParams {
  readonly descriptor: DeviceDescriptor;
  /** `auto`: the card may say that it still works, but for getInfo, at which some cards never come to an end. */
  readonly polling: 'auto' | 'never';
  readonly form: 'short' | 'extended';
  /** Milliseconds that one APDU may take. */
  readonly apduLimit: number;
  /** What is known from an earlier opening of the same card, whose applet is selected. */
  readonly abilities?: KeyAbilities;
  readonly signal: AbortSignal;
  readonly onClose: () => void;
}

/** What a key takes. */
export interface KeyAbilities {
  readonly ctap2: boolean;
  readonly u2f: boolean;
  /** The card has refused NFCCTAP_GETRESPONSE. */
  readonly refusesPolling?: boolean;
}

/** Why an exchange brought no answer of the applet's. */
type ExchangeFailure = CardFailure | ApduError | ForgottenError;

/** The card has lost what the request builds on, and was not sent it. */
interface ForgottenError {
  readonly kind: 'forgotten';
  readonly detail: string;
}

const FORGOTTEN = failure({
  kind: 'forgotten',
  detail: 'Another program has reset the card, or has used it for something else.',
} as const);

/** Brings the applet's answer to one request, given a way to exchange APDUs. */
type Request = (exchange: (command: CommandApdu) => Promise<Result<ResponseApdu, ExchangeFailure>>) => Promise<Result<ResponseApdu, ExchangeFailure>>;

const GET_INFO = 0x04;
/** The one byte of a payload that this layer looks at. */
const STATUS_SUCCESS = 0x00;

/** A FIDO key over APDUs: the FIDO applet of a card. Source: CTAP 2.2 §11.3. */
export class NfcDevice implements Device {
  readonly descriptor: DeviceDescriptor;
  readonly gone: Promise<void>;
  readonly #link: CardLink;
  readonly #params: NfcDeviceParams;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #isSelected: boolean;
  #version: AppletVersion = { ctap2: 'unclear', u2f: false };
  #abilities: KeyAbilities;
  #refusesPolling: boolean;
  /** An exchange that nobody waits for any more, but that still occupies the card. */
  #leftOver: Promise<unknown> | undefined;
  #closed: Promise<void> | undefined;

  private constructor(link: CardLink, params: NfcDeviceParams) {
    this.#link = link;
    this.#params = params;
    this.descriptor = params.descriptor;
    this.gone = link.gone;
    this.#isSelected = params.abilities !== undefined;
    this.#abilities = params.abilities ?? { ctap2: false, u2f: false };
    this.#refusesPolling = params.abilities?.refusesPolling ?? false;
  }

  /** What is to be known when the same card is opened again. */
  get abilities(): KeyAbilities {
    return { ...this.#abilities, refusesPolling: this.#refusesPolling };
  }

  get supportsCbor(): boolean {
    return this.#abilities.ctap2;
  }

  get supportsU2f(): boolean {
    return this.#abilities.u2f;
  }

  /**
   * Selects the FIDO applet and finds out what it takes.
   *
   * @returns `unavailable` when the card has no such applet.
   */
  static async open(link: CardLink, params: NfcDeviceParams): Promise<Result<NfcDevice, TransportError>> {
    const device = new NfcDevice(link, params);
    if (params.abilities !== undefined) return success(device);
    const opened = await device.#turns.take([], () => device.#introduce([params.signal]), () => cancelled());
    if (opened.ok) return success(device);
    await device.close();
    return opened;
  }

  /** See `Device.call`. */
  call(request: Bytes, options: CallOptions): Promise<Result<Bytes, TransportError>> {
    return this.#inTurn(options, async (signals) => {
      const answered = await this.#answer(signals, this.#ctapRequest(request, signals, options), options.continues);
      if (!answered.ok) return answered;
      const { data, status } = answered.value;
      if (status !== ApduStatus.ok) return fail(TransportProblem.protocol, `The card answered ${hex(status)}.`);
      // What was done before the cancel arrived is done: a credential may exist now, so its answer counts.
      return isAborted(signals) && data[0] !== STATUS_SUCCESS ? cancelled() : success(data);
    });
  }

  /** See `Device.message`. */
  message(apdu: Bytes, options: CallOptions): Promise<Result<Bytes, TransportError>> {
    const command = decodeExtendedApdu(apdu);
    if (command === undefined) return Promise.resolve(fail(TransportProblem.protocol, 'The request is no U2F message.'));
    return this.#inTurn(options, async (signals) => {
      const answered = await this.#answer(signals, (exchange) => exchange(command));
      if (!answered.ok) return answered;
      const { data, status } = answered.value;
      return success(concatBytes(data, Uint8Array.of(status >> 8, status & 0xff)));
    });
  }

  /** See `Device.close`. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#turns.idle();
    this.#params.onClose();
  }

  async #introduce(signals: readonly AbortSignal[]): Promise<Result<undefined, TransportError>> {
    const getInfo = Uint8Array.of(GET_INFO);
    const options = { stallTimeout: 0, signal: new AbortController().signal };
    const info = await this.#answer(signals, async (exchange) =>
      this.#version.ctap2 === 'yes'
        ? success({ data: Uint8Array.of(STATUS_SUCCESS), status: ApduStatus.ok })
        : this.#ctapRequest(getInfo, signals, options)(exchange),
    );
    if (!info.ok) return info;
    const { data, status } = info.value;
    const ctap2 = status === ApduStatus.ok && data[0] === STATUS_SUCCESS;
    this.#abilities = { ctap2, u2f: this.#version.u2f };
    if (ctap2 || this.#version.u2f) return success(undefined);
    return fail(TransportProblem.unavailable, 'The applet on the card speaks neither CTAP2 nor U2F.');
  }

  #ctapRequest(request: Bytes, signals: readonly AbortSignal[], options: CallOptions): Request {
    const onPollingRefused = (): void => {
      this.#refusesPolling = true;
    };
    const onKeepalive = options.onKeepalive ?? ((): void => undefined);
    return (exchange) => {
      const polling = this.#params.polling === 'auto' && request[0] !== GET_INFO && !this.#refusesPolling;
      return exchangeCtap(request, exchange, { polling, onPollingRefused, signals, onKeepalive });
    };
  }

  #inTurn<Value>(
    { signal }: CallOptions,
    task: (signals: readonly AbortSignal[]) => Promise<Result<Value, TransportError>>,
  ): Promise<Result<Value, TransportError>> {
    const signals = [signal, this.#closing.signal];
    return this.#turns.take(signals, () => task(signals), () => cancelled());
  }

  /** The applet's answer, with bounds: the card may stay silent for long, and a thread with it. */
  async #answer(
    signals: readonly AbortSignal[],
    request: Request,
    continues = false,
  ): Promise<Result<ResponseApdu, TransportError>> {
    if (isAborted(signals)) return cancelled();
    const attempt = new Attempt(signals, this.#params.apduLimit);
    const work = this.#work(attempt, request, continues);
    const outcome = await attempt.orGivenUp(work);
    if (outcome.kind === 'done') return outcome.value.ok ? outcome.value : failure(transportError(outcome.value.error));
    this.#leftOver = work;
    this.#isSelected = false;
    return outcome.kind === 'cancelled' ? cancelled() : fail(TransportProblem.timeout, 'The card fell silent.');
  }

  async #work(
    attempt: Attempt,
    request: Request,
    continues: boolean,
  ): Promise<Result<ResponseApdu, ExchangeFailure>> {
    await this.#leftOver;
    this.#leftOver = undefined;
    const begun = await this.#begin();
    if (!begun.ok) return begun;
    try {
      if (continues && !this.#isSelected) return FORGOTTEN;
      const first = await this.#try(attempt, request);
      if (!lostApplet(first, attempt)) return first;
      // Another program has used the card for something else, or reset it: the request was not carried out.
      this.#isSelected = false;
      if (!first.ok) {
        const renewed = await this.#link.renew();
        if (!renewed.ok) return renewed;
      }
      return continues ? FORGOTTEN : await this.#try(attempt, request);
    } finally {
      await this.#link.end();
    }
  }

  async #begin(): Promise<Result<undefined, CardFailure>> {
    const begun = await this.#link.begin();
    if (begun.ok || begun.error.problem !== 'reset') return begun;
    this.#isSelected = false;
    const renewed = await this.#link.renew();
    return renewed.ok ? this.#link.begin() : renewed;
  }

  async #try(attempt: Attempt, request: Request): Promise<Result<ResponseApdu, ExchangeFailure>> {
    const format = { form: this.#params.form, protocol: this.#link.protocol };
    const exchange = (command: CommandApdu): Promise<Result<ResponseApdu, ExchangeFailure>> =>
      exchangeApdu(command, format, (apdu, maxLength) => attempt.transmit(() => this.#link.transmit(apdu, maxLength)));
    if (!this.#isSelected) {
      const selected = await exchange(SELECT_FIDO);
      if (!selected.ok) return selected;
      const { data, status } = selected.value;
      if (status !== ApduStatus.ok) {
        return failure({ kind: 'card', problem: 'failed', detail: `The card has no FIDO applet (${hex(status)}).` });
      }
      this.#version = parseAppletVersion(data);
      this.#isSelected = true;
    }
    attempt.begin();
    return request(exchange);
  }
}

/**
 * Whether the request did not reach the FIDO applet. Once something of it was answered that is not known, and it must
 * not be repeated: a wrong PIN would count twice.
 */
function lostApplet(outcome: Result<ResponseApdu, ExchangeFailure>, { answers }: Attempt): boolean {
  if (!outcome.ok) return outcome.error.kind === 'card' && outcome.error.problem === 'reset' && answers === 0;
  const { status } = outcome.value;
  return answers === 1 && isNotKnown(status);
}

function transportError(error: ExchangeFailure): TransportError {
  return { kind: 'transport', problem: problemOf(error), transport: TransportKind.nfc, detail: error.detail };
}

function problemOf(error: ExchangeFailure): TransportProblem {
  if (error.kind === 'apdu') return TransportProblem.protocol;
  if (error.kind === 'forgotten') return TransportProblem.forgotten;
  switch (error.problem) {
    case 'removed':
      return TransportProblem.disconnected;
    case 'busy':
      return TransportProblem.busy;
    case 'reset':
      return TransportProblem.protocol;
    case 'failed':
      return TransportProblem.unavailable;
  }
}

function cancelled(): Result<never, TransportError> {
  return fail(TransportProblem.cancelled, 'The caller ended the exchange.');
}

function fail(problem: TransportProblem, detail: string): Result<never, TransportError> {
  return transportFailure(TransportKind.nfc, problem, detail);
}

function hex(status: number): string {
  return `0x${status.toString(16).toUpperCase().padStart(4, '0')}`;
}
