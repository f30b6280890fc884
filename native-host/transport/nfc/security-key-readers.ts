/** Makers of USB security keys whose card side answers FIDO commands with an error, most of the time. */
interface Maker {
  /** In the names of their readers. */
  readonly reader: RegExp;
  /** In the names of their keys over USB. */
  readonly key: RegExp;
}

const MAKERS: readonly Maker[] = [
  { reader: /yubikey/i, key: /yubi/i },
  { reader: /nitrokey/i, key: /nitro/i },
  { reader: /solo ?keys|solo 2/i, key: /solo/i },
];

/**
 * Whether a reader is the card side of a key of these makers, and one of their keys can be used over USB now. Such a reader
 * is not even connected: selecting an applet there would take the card from GnuPG and its like, for nothing. Where USB
 * cannot be used (Windows, no udev rule, a remote desktop) it is tried like any other: newer firmware speaks FIDO there.
 * Which of two views of one key is used is decided in `ceremony/one-view.ts`.
 *
 * @param usbKeys names of the keys that can be used over USB.
 */
export function isLeftToUsb(reader: string, usbKeys: readonly string[]): boolean {
  return MAKERS.some((maker) => maker.reader.test(reader) && usbKeys.some((name) => maker.key.test(name)));
}
