import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';
import type { KeepaliveStatus } from '../device.ts';
import { isAborted, pause } from '../signals.ts';
import { ApduStatus, type CommandApdu, type ResponseApdu } from './apdu.ts';

/** The FIDO applet. Source: CTAP 2.2 §11.3.3 "Applet selection". */
const FIDO_AID: Bytes = Uint8Array.of(0xa0, 0x00, 0x00, 0x06, 0x47, 0x2f, 0x00, 0x01);

/** Source: CTAP 2.2 §11.3.5, §11.3.7. */
const NFCCTAP_CLASS = 0x80;
const NFCCTAP_MSG = 0x10;
const NFCCTAP_GETRESPONSE = 0x11;
const P1_SUPPORTS_GETRESPONSE = 0x80;
const P1_CANCEL = 0x11;

/** The request is still being worked on; the data is the status of NFCCTAP_GETRESPONSE. */
const STATUS_UPDATE = 0x9100;
const USER_PRESENCE_NEEDED = 0x02;

/** P1 is refused: the card knows no NFCCTAP_GETRESPONSE, and has not looked at the request. Source: ISO/IEC 7816-4 §5.6. */
const WRONG_P1 = [0x6a86, 0x6b00];

/** High byte of a status word whose low byte is an error of CTAP. */
const ERROR_IN_STATUS_WORD = 0x64;

const CTAP1_ERR_INVALID_LENGTH = 0x03;

/** Milliseconds between questions whether the answer is there. */
const POLL_INTERVAL = 100;

/** SELECT of the FIDO applet. Source: CTAP 2.2 §11.3.3. */
export const SELECT_FIDO: CommandApdu = { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x00, data: FIDO_AID };

/** What the applet says of itself when it is selected. `unclear`: getInfo has to tell. */
export interface AppletVersion {
  readonly ctap2: 'yes' | 'unclear';
  readonly u2f: boolean;
}

/** Reads the answer to SELECT: `U2F_V2`, also of CTAP2 keys that take U2F, or `FIDO_2_0`. Source: CTAP 2.2 §11.3.3. */
export function parseAppletVersion(data: Uint8Array): AppletVersion {
  const text = String.fromCharCode(...data.subarray(0, 32));
  return text.startsWith('FIDO_2_') ? { ctap2: 'yes', u2f: false } : { ctap2: 'unclear', u2f: text === 'U2F_V2' };
}

/** One way to have a command carried to the card and to get its whole answer. */
export type ExchangeApdu<Failure> = (command: CommandApdu) => Promise<Result<ResponseApdu, Failure>>;

/** Bounds of one exchange. */
export interface CtapExchangeOptions {
  /** Lets the card say that it still works (NFCCTAP_GETRESPONSE). Some cards never come to an end with it. */
  readonly polling: boolean;
  /** The card has refused to be asked, and took the request without that: it need not be tried again. */
  readonly onPollingRefused?: () => void;
  readonly signals: readonly AbortSignal[];
  readonly onKeepalive: (status: KeepaliveStatus) => void;
}

/**
 * One CTAP2 request and its response, or the status word that the card refused it with. A card that refuses to be asked
 * how far it is gets the request again without that. When a signal aborts while the card works, it is sent a cancel, and
 * its answer is waited for; the caller bounds that.
 *
 * Source: CTAP 2.2 §11.3.5 "Framing", §11.3.7 "Commands" (NFCCTAP_MSG, NFCCTAP_GETRESPONSE).
 */
export async function exchangeCtap<Failure>(
  request: Bytes,
  exchange: ExchangeApdu<Failure>,
  { polling, onPollingRefused, signals, onKeepalive }: CtapExchangeOptions,
): Promise<Result<ResponseApdu, Failure>> {
  const send = (p1: number): Promise<Result<ResponseApdu, Failure>> =>
    exchange({ cla: NFCCTAP_CLASS, ins: NFCCTAP_MSG, p1, p2: 0x00, data: request });
  let response = await send(polling ? P1_SUPPORTS_GETRESPONSE : 0x00);
  if (polling && response.ok && WRONG_P1.includes(response.value.status)) {
    response = await send(0x00);
    if (response.ok && !WRONG_P1.includes(response.value.status)) onPollingRefused?.();
  }
  let cancelSent = false;
  while (response.ok && response.value.status === STATUS_UPDATE) {
    onKeepalive(response.value.data[0] === USER_PRESENCE_NEEDED ? 'userPresenceNeeded' : 'processing');
    await pause(POLL_INTERVAL, cancelSent ? [] : signals);
    const p1Next = !cancelSent && isAborted(signals) ? P1_CANCEL : 0x00;
    if (p1Next === P1_CANCEL) cancelSent = true;
    response = await exchange(getResponse(p1Next));
  }
  return response.ok ? success(unwrapStatus(response.value)) : response;
}

/**
 * By CTAP 2.2 §11.3.5 an error is the first byte of the data, and the status word is 9000. Some keys tell it in the status
 * word instead: 64xx without data, where xx is CTAP's status. A request that is too long gets the card's own word for that.
 */
function unwrapStatus(response: ResponseApdu): ResponseApdu {
  const { data, status } = response;
  const error = status & 0xff;
  if (status === ApduStatus.wrongLength && data.length === 0) return { data: Uint8Array.of(CTAP1_ERR_INVALID_LENGTH), status: ApduStatus.ok };
  if (status >> 8 !== ERROR_IN_STATUS_WORD || error === 0 || data.length > 0) return response;
  return { data: Uint8Array.of(error), status: ApduStatus.ok };
}

function getResponse(p1: number): CommandApdu {
  return { cla: NFCCTAP_CLASS, ins: NFCCTAP_GETRESPONSE, p1, p2: 0x00, data: new Uint8Array() };
}
