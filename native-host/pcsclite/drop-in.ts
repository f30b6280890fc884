/** What `require('@pokusew/pcsclite')` gives: nfc-pcsc calls the default export. */
export { pcsclite as default } from './pcsclite.ts';
