import { StringDecoder } from 'node:string_decoder';

/** What typing has come to. */
export type SecretLineOutcome =
  | { readonly type: 'typing' }
  | { readonly type: 'entered'; readonly text: string }
  /** Ctrl-C. */
  | { readonly type: 'interrupted' }
  /** Ctrl-D on an empty line. */
  | { readonly type: 'ended' };

const TYPING = { type: 'typing' } as const;
const BACKSPACES: readonly string[] = ['\b', '\x7f'];
const INTERRUPT = '\x03';
const END = '\x04';
const CLEAR_LINE = '\x15';
const ESCAPE = '\x1b';
const MAX_CHARACTERS = 256;

/**
 * One line typed on a terminal in raw mode, where nobody else takes care of backspace and Ctrl-C. Cursor keys and other
 * escape sequences are left out.
 */
export class SecretLine {
  readonly #decoder = new StringDecoder('utf8');
  #characters: string[] = [];
  #escape: 'none' | 'begun' | 'sequence' = 'none';

  /** Takes the bytes of some key presses. What follows the end of the line is dropped. */
  type(bytes: Buffer): SecretLineOutcome {
    for (const character of this.#decoder.write(bytes)) {
      const outcome = this.#press(character);
      if (outcome.type === 'typing') continue;
      this.#characters = [];
      return outcome;
    }
    return TYPING;
  }

  #press(character: string): SecretLineOutcome {
    if (this.#isOfEscape(character)) return TYPING;
    if (character === '\r' || character === '\n') return { type: 'entered', text: this.#characters.join('') };
    if (character === INTERRUPT) return { type: 'interrupted' };
    if (character === END && this.#characters.length === 0) return { type: 'ended' };
    if (character === CLEAR_LINE) this.#characters = [];
    else if (BACKSPACES.includes(character)) this.#characters.pop();
    else if (character >= ' ' && this.#characters.length < MAX_CHARACTERS) this.#characters.push(character);
    return TYPING;
  }

  /** ECMA-48: ESC, and behind `[` or `O` everything up to a letter or `~`. */
  #isOfEscape(character: string): boolean {
    switch (this.#escape) {
      case 'none':
        if (character !== ESCAPE) return false;
        this.#escape = 'begun';
        return true;
      case 'begun':
        this.#escape = character === '[' || character === 'O' ? 'sequence' : 'none';
        return this.#escape === 'sequence';
      case 'sequence':
        if (/[a-zA-Z~]/.test(character)) this.#escape = 'none';
        return true;
    }
  }
}
