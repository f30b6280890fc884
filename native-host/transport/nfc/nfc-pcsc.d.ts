/** nfc-pcsc brings no types of its own. */
declare module 'nfc-pcsc' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports -- a declared module takes no relative import
  export const NFC: import('./nfc-library.ts').NfcLibrary['NFC'];
}
