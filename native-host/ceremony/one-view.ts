import type { DeviceDescriptor, DeviceListener, TransportError } from '../transport/device.ts';

/** Milliseconds within which both views of a key come and go; a card's view that was told longer ago may be in use. */
const BOTH_VIEWS_WITHIN = 3000;

interface Card {
  readonly descriptor: DeviceDescriptor;
  /** On the steady clock; `undefined` while the listener does not know of it. */
  toldAt: number | undefined;
  /** Runs until it may be told. */
  waiting: NodeJS.Timeout | undefined;
}

/** A product's name must have that many letters and digits to say anything: "FIDO" is in the name of many readers. */
const TELLING_LENGTH = 6;

/**
 * Whether a card's reader is the card side of a USB key: both are made of the same USB descriptors, so the reader's name
 * has the key's serial number or its product's name in it. Nothing else is proof: the AAGUID names only the model, and
 * `encIdentifier` is readable only with a token that outlives the ceremony (CTAP 2.2 §6.4), which is never fetched.
 */
export function isSameKey(usb: DeviceDescriptor, card: DeviceDescriptor): boolean {
  const reader = normalise(card.productName);
  const names = [usb.hardware?.serialNumber ?? '', usb.productName].map(normalise);
  return names.some((name) => name.length >= TELLING_LENGTH && reader.includes(name));
}

/**
 * Tells a listener of one view only of a key that is there over USB and on a card reader of its own. USB goes first, for
 * as long as it can be used: a key that may not be opened there, or is busy, is told as a card. A card that was told some
 * time ago is not taken back: somebody may be using it. When a key is taken out, or put back, its card may be seen alone
 * for a moment: it waits until the other view has had its time. Two views that cannot be recognised as one key do no harm: both
 * wait for the same touch, the first one that gets it wins and the other is cancelled.
 */
export class OneView implements DeviceListener {
  readonly #listener: DeviceListener;
  readonly #now: () => number;
  readonly #usb = new Map<string, DeviceDescriptor>();
  /** Keys that were taken out: those that were told over USB come back over USB. */
  readonly #departed: DeviceDescriptor[] = [];
  readonly #cards = new Map<string, Card>();

  /** @param now milliseconds of a steady clock. */
  constructor(listener: DeviceListener, now: () => number = () => performance.now()) {
    this.#listener = listener;
    this.#now = now;
  }

  /** See `DeviceListener.added`. */
  readonly added = (descriptor: DeviceDescriptor): void => {
    if (descriptor.transport === 'nfc') {
      const card: Card = { descriptor, toldAt: undefined, waiting: undefined };
      this.#cards.set(descriptor.id, card);
      if (this.#departed.some((usb) => isSameKey(usb, descriptor))) this.#holdBack(card);
      this.#tellCards();
      return;
    }
    this.#usb.set(descriptor.id, descriptor);
    this.#listener.added(descriptor);
    for (const [id, card] of this.#cards) {
      const isNew = card.toldAt !== undefined && this.#now() - card.toldAt < BOTH_VIEWS_WITHIN;
      if (!isNew || !isSameKey(descriptor, card.descriptor)) continue;
      card.toldAt = undefined;
      this.#listener.removed(id);
    }
  };

  /** See `DeviceListener.removed`. */
  readonly removed = (id: string): void => {
    const card = this.#cards.get(id);
    this.#cards.delete(id);
    clearTimeout(card?.waiting);
    if (card === undefined || card.toldAt !== undefined) this.#listener.removed(id);
    const usb = this.#usb.get(id);
    if (usb === undefined) return;
    this.#usb.delete(id);
    this.#departed.push(usb);
    for (const each of this.#cards.values()) if (isSameKey(usb, each.descriptor)) this.#holdBack(each);
  };

  /** See `DeviceListener.denied`. */
  readonly denied = (descriptor: DeviceDescriptor, error: TransportError): void => {
    this.#listener.denied(descriptor, error);
  };

  /** The key with this id cannot be opened: its other view may serve. */
  unusable(id: string): void {
    const usb = this.#usb.get(id);
    if (usb === undefined) return;
    this.#usb.delete(id);
    for (const card of this.#cards.values()) if (isSameKey(usb, card.descriptor)) this.#release(card);
    this.#tellCards();
  }

  /** Tells nothing more of cards that still wait. */
  stop(): void {
    for (const card of this.#cards.values()) this.#release(card);
  }

  #holdBack(card: Card): void {
    clearTimeout(card.waiting);
    card.waiting = setTimeout(() => {
      card.waiting = undefined;
      this.#tellCards();
    }, BOTH_VIEWS_WITHIN);
  }

  #release(card: Card): void {
    clearTimeout(card.waiting);
    card.waiting = undefined;
  }

  #tellCards(): void {
    for (const card of this.#cards.values()) {
      if (card.toldAt !== undefined || card.waiting !== undefined) continue;
      if ([...this.#usb.values()].some((usb) => isSameKey(usb, card.descriptor))) continue;
      card.toldAt = this.#now();
      this.#listener.added(card.descriptor);
    }
  }
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '');
}
