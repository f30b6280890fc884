/**
 * Names of the smart card side of USB security keys whose card side answers FIDO commands with an error. It is left alone
 * even where HID cannot be used: selecting an applet there would take the card from GnuPG and its like, for nothing.
 * Others' card sides may speak FIDO; which of the two views of one key is used is decided in `ceremony/one-view.ts`.
 */
const SECURITY_KEYS = /yubikey|nitrokey|solo ?keys|solo 2|canokey|onlykey/i;

/** Whether a PC/SC reader is the card side of a USB security key that speaks FIDO over HID only. */
export function isSecurityKeyReader(name: string): boolean {
  return SECURITY_KEYS.test(name);
}
