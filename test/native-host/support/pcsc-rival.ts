import { READER_CONSTANTS } from '../../../native-host/pcsclite/constants.ts';
import { type Answer, openWinscard } from '../../../native-host/pcsclite/winscard.ts';

const { SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD, SCARD_RESET_CARD } = READER_CONSTANTS;

/** SELECT of the applet that the virtual key has beside FIDO's. */
const SELECT_OTHER = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x06, 0xd2, 0x76, 0x00, 0x01, 0x24, 0x01);

/** Another program that uses the card on a reader. */
export class PcscRival {
  readonly #reader: string;

  constructor(reader: string) {
    this.#reader = reader;
  }

  /** Resets the card, or selects another applet on it, and lets go of it. */
  async run(what: 'reset' | 'select'): Promise<void> {
    const winscard = await openWinscard();
    if (!winscard.ok) throw new Error(winscard.error.detail);
    const { value: service } = winscard;
    const context = must(await service.establishContext());
    const { card, protocol } = must(
      await service.connect(context, this.#reader, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1),
    );
    if (what === 'select') must(await service.transmit(card, protocol, SELECT_OTHER, 258));
    must(await service.disconnect(card, what === 'reset' ? SCARD_RESET_CARD : SCARD_LEAVE_CARD));
    must(await service.releaseContext(context));
  }
}

function must<Value>(answer: Answer<Value>): Value {
  if (!answer.ok) throw new Error(`0x${answer.error.toString(16)}`);
  return answer.value;
}
