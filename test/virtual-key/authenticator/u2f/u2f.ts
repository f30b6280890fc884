import { type Bytes, encodeUtf8 } from '../../../../shared/bytes/bytes.ts';
import type { KeyState } from '../key-state.ts';
import { type CommandApdu, encodeResponse, StatusWord } from './apdu.ts';
import { u2fAuthenticate } from './authenticate.ts';
import { u2fRegister } from './register.ts';

/** Names of the U2F instructions, for the command log. */
export const U2F_INSTRUCTIONS: ReadonlyMap<number, string> = new Map([
  [1, 'u2f.register'],
  [2, 'u2f.authenticate'],
  [3, 'u2f.version'],
]);

/** Runs one U2F command; `undefined` stands for an APDU whose lengths do not fit. Source: U2F raw messages §3 to §6. */
export function runU2f(state: KeyState, apdu: CommandApdu | undefined): Bytes {
  if (apdu === undefined) return encodeResponse(StatusWord.wrongLength);
  if (apdu.cla !== 0) return encodeResponse(StatusWord.classNotSupported);
  switch (apdu.ins) {
    case 1:
      return u2fRegister(state, apdu);
    case 2:
      return u2fAuthenticate(state, apdu);
    case 3:
      return apdu.data.length === 0
        ? encodeResponse(StatusWord.ok, encodeUtf8('U2F_V2'))
        : encodeResponse(StatusWord.wrongLength);
    default:
      return encodeResponse(StatusWord.instructionNotSupported);
  }
}
