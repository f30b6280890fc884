import { type Command, InvalidArgumentError, Option } from 'commander';

const MIN_PIN_LENGTH = 4;
const MAX_PIN_LENGTH = 63;

/** Adds the options of every command; one that concerns a single key can name it. */
export function withKeyOptions(command: Command, keys: 'one' | 'all' = 'one'): Command {
  if (keys === 'one') command.option('--device <id>', 'the key to use, as "keys list" shows it; needed when several are there');
  return command
    .option('--json', 'print the result as JSON')
    .addOption(new Option('--dev', 'use the development transport too (not in release builds)'));
}

/** Adds the option of commands that need a PIN. There is none that takes the PIN itself: others could see it. */
export function withPinOption(command: Command, what = 'the PIN'): Command {
  return command.option('--pin-stdin', `read from standard input, not from the terminal: ${what}`);
}

/** Adds the option of commands that ask whether they are really meant. */
export function withDestruction(command: Command): Command {
  return command.option('--yes', 'do not ask whether this is really meant');
}

/** Hexadecimal digits with which an ID begins. */
export function parseId(text: string): string {
  if (!/^[0-9a-fA-F]+$/.test(text)) throw new InvalidArgumentError('An ID has hexadecimal digits only.');
  return text;
}

/** A PIN length in characters. */
export function parsePinLength(text: string): number {
  const length = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (length >= MIN_PIN_LENGTH && length <= MAX_PIN_LENGTH) return length;
  throw new InvalidArgumentError(`A number of characters from ${MIN_PIN_LENGTH.toString()} to ${MAX_PIN_LENGTH.toString()}.`);
}
