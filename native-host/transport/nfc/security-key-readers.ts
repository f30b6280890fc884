/**
 * Names of the smart card side of USB security keys. Their FIDO part is reached over HID; the card side answers FIDO
 * commands with an error, and a key must not be offered twice.
 */
const SECURITY_KEYS = /yubikey|nitrokey|solo ?keys|solo 2|canokey|onlykey|token2|\bfido/i;

/** Whether a PC/SC reader is the card side of a USB security key. */
export function isSecurityKeyReader(name: string): boolean {
  return SECURITY_KEYS.test(name);
}
