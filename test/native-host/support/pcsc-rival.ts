import { READER_CONSTANTS } from '../../../native-host/pcsclite/constants.ts';
import { type Answer, type Connection, type Handle, openWinscard, type Winscard } from '../../../native-host/pcsclite/winscard.ts';

const { SCARD_SHARE_SHARED, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD, SCARD_RESET_CARD } =
  READER_CONSTANTS;

/** SELECT of the applet that the virtual key has beside FIDO's. */
const SELECT_OTHER = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x06, 0xd2, 0x76, 0x00, 0x01, 0x24, 0x01);

/** Milliseconds between tries to have a card alone, and how long to go on with them. */
const RETRY = 50;
const PATIENCE = 8000;

/** Another program that uses the card on a reader. */
export class PcscRival {
  readonly #reader: string;

  constructor(reader: string) {
    this.#reader = reader;
  }

  /** Resets the card, or selects another applet on it, and lets go of it. */
  async run(what: 'reset' | 'select'): Promise<void> {
    await this.#withService(async (service, context) => {
      const { card, protocol } = must(await this.#connect(service, context, SCARD_SHARE_SHARED));
      if (what === 'select') must(await service.transmit(card, protocol, SELECT_OTHER, 258));
      must(await service.disconnect(card, what === 'reset' ? SCARD_RESET_CARD : SCARD_LEAVE_CARD));
    });
  }

  /** Waits until it can have the card for itself, and lets go of it. Throws when somebody keeps it. */
  async takeAlone(): Promise<void> {
    await this.#withService(async (service, context) => {
      const end = performance.now() + PATIENCE;
      for (;;) {
        const connected = await this.#connect(service, context, SCARD_SHARE_EXCLUSIVE);
        if (connected.ok) {
          must(await service.disconnect(connected.value.card, SCARD_LEAVE_CARD));
          return;
        }
        if (performance.now() > end) throw new Error(`The card is not free: 0x${connected.error.toString(16)}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    });
  }

  /** Keeps the card for itself until the returned function is called. */
  async keep(): Promise<() => Promise<void>> {
    const { service, context } = await open();
    const { card } = must(await this.#connect(service, context, SCARD_SHARE_EXCLUSIVE));
    return async () => {
      must(await service.disconnect(card, SCARD_LEAVE_CARD));
      must(await service.releaseContext(context));
    };
  }

  #connect(service: Winscard, context: Handle, shareMode: number): Promise<Answer<Connection>> {
    return service.connect(context, this.#reader, shareMode, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
  }

  async #withService(work: (service: Winscard, context: Handle) => Promise<void>): Promise<void> {
    const { service, context } = await open();
    try {
      await work(service, context);
    } finally {
      await service.releaseContext(context);
    }
  }
}

async function open(): Promise<{ readonly service: Winscard; readonly context: Handle }> {
  const winscard = await openWinscard();
  if (!winscard.ok) throw new Error(winscard.error.detail);
  return { service: winscard.value, context: must(await winscard.value.establishContext()) };
}

function must<Value>(answer: Answer<Value>): Value {
  if (!answer.ok) throw new Error(`0x${answer.error.toString(16)}`);
  return answer.value;
}
