import { EventEmitter } from 'node:events';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createCliUser } from '../../../../native-host/management/cli/cli-user.ts';
import { printable } from '../../../../native-host/management/cli/printable.ts';
import { SecretLine } from '../../../../native-host/management/cli/secret-line.ts';
import { createTerminal, type InputStream } from '../../../../native-host/management/cli/terminal.ts';

/** A terminal's input: what is typed, and whether it is shown. */
class FakeInput extends EventEmitter implements InputStream {
  readonly isTTY: boolean;
  isRaw = false;
  readonly modes: boolean[] = [];
  onResume: () => void = () => undefined;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  setRawMode(raw: boolean): void {
    this.isRaw = raw;
    this.modes.push(raw);
  }

  resume(): void {
    this.onResume();
  }

  pause(): void {
    this.onResume = () => undefined;
  }

  /** Types these one after the other, one each time something is asked. */
  type(...lines: readonly string[]): void {
    const left = [...lines];
    const next = (): void => {
      const line = left.shift();
      queueMicrotask(() => {
        if (line === undefined) this.emit('end');
        else this.emit('data', Buffer.from(line));
        this.onResume = next;
      });
    };
    this.onResume = next;
  }
}

function build(isTTY = true): { readonly input: FakeInput; readonly shown: string[]; readonly stop: AbortController; readonly terminal: ReturnType<typeof createTerminal> } {
  const input = new FakeInput(isTTY);
  const shown: string[] = [];
  const stop = new AbortController();
  const terminal = createTerminal(input, { isTTY, write: (text) => shown.push(text) }, () => stop.abort());
  return { input, shown, stop, terminal };
}

describe('a hidden line', () => {
  test.each([
    ['plain', '1234\r', '1234'],
    ['backspace', '12x\x7f34\n', '1234'],
    ['more backspaces than characters', '\b\b1\r', '1'],
    ['a cursor key', '1\x1b[D2\x1bOA3\r', '123'],
    ['other controls', '1\x012\t3\r', '123'],
    ['clear the line', 'wrong\x15right\r', 'right'],
    ['more than ASCII', 'pïn 😀\x7f🔑\r', 'pïn 🔑'],
  ])('%s', (_name, typed, text) => {
    expect(new SecretLine().type(Buffer.from(typed))).toEqual({ type: 'entered', text });
  });

  test('is the same however the bytes arrive', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
        const bytes = Buffer.from(`${text}\r`);
        const line = new SecretLine();
        let outcome = line.type(Buffer.alloc(0));
        for (const byte of bytes) if (outcome.type === 'typing') outcome = line.type(Buffer.of(byte));
        expect(outcome).toEqual(new SecretLine().type(bytes));
      }),
    );
  });

  test('ends with Ctrl-C and Ctrl-D', () => {
    expect(new SecretLine().type(Buffer.from('12\x03'))).toEqual({ type: 'interrupted' });
    expect(new SecretLine().type(Buffer.from('\x04'))).toEqual({ type: 'ended' });
    expect(new SecretLine().type(Buffer.from('1\x04'))).toEqual({ type: 'typing' });
  });
});

describe('the terminal', () => {
  test('shows nothing of a secret, and is as before afterwards', async () => {
    const { input, shown, stop, terminal } = build();
    input.type('4711\r');
    expect(await terminal.askSecret('PIN: ', stop.signal)).toBe('4711');
    expect(shown).toEqual(['PIN: ', '\n']);
    expect(input.modes).toEqual([true, false]);
    expect(input.listenerCount('data')).toBe(0);
  });

  test('Ctrl-C in a hidden line is passed on', async () => {
    const { input, stop, terminal } = build();
    input.type('47\x03');
    expect(await terminal.askSecret('PIN: ', stop.signal)).toBeUndefined();
    expect(stop.signal.aborted).toBe(true);
    expect(input.isRaw).toBe(false);
  });

  test('a question ends when the signal does', async () => {
    const { stop, terminal } = build();
    const asked = terminal.ask('Really? ', stop.signal);
    stop.abort();
    expect(await asked).toBeUndefined();
  });

  test('without a terminal nobody is asked', async () => {
    const { input, shown, stop, terminal } = build(false);
    input.type('1234\n');
    expect(await terminal.askSecret('PIN: ', stop.signal)).toBeUndefined();
    expect(await terminal.ask('Really? ', stop.signal)).toBeUndefined();
    expect(shown).toEqual([]);
  });

  test('standard input is read whole, within limits, and as UTF-8 only', async () => {
    const read = async (...chunks: readonly (string | Buffer)[]): Promise<string | undefined> => {
      const { input, stop, terminal } = build(false);
      const text = terminal.readAll(stop.signal);
      for (const chunk of chunks) input.emit('data', Buffer.from(chunk));
      input.emit('end');
      return text;
    };
    expect(await read('12', '34\n5')).toBe('1234\n5');
    expect(await read('x'.repeat(5000))).toBeUndefined();
    expect(await read(Buffer.of(0xff))).toBeUndefined();
  });
});

describe('PINs', () => {
  const options = { pinFromInput: false, yes: false };

  test('a new one is typed twice', async () => {
    const { input, shown, stop, terminal } = build();
    input.type('1234\r', '1243\r', '5678\r', '5678\r');
    const user = createCliUser({ terminal, signal: stop.signal, ...options });
    expect(await user.askNewPin({ minLength: 4 })).toBe('5678');
    expect(shown.join('')).toContain('not the same');
  });

  test('few tries are told before the PIN is asked for', async () => {
    const { input, shown, stop, terminal } = build();
    input.type('1\r', '2\r', '3\r');
    const user = createCliUser({ terminal, signal: stop.signal, ...options });
    await user.askPin({ reason: 'needed', pinRetries: 8 });
    expect(shown.join('')).not.toContain('left');
    await user.askPin({ reason: 'wrong', pinRetries: 7 });
    expect(shown.join('')).toContain('The PIN is wrong. 7 tries are left.');
    await user.askPin({ reason: 'needed', pinRetries: 1 });
    expect(shown.join('')).toContain('another wrong PIN blocks the key');
  });

  test('from standard input each line serves one question, and none is tried again', async () => {
    const { input, stop, terminal } = build(false);
    const user = createCliUser({ terminal, signal: stop.signal, pinFromInput: true, yes: false });
    const first = user.askPin({ reason: 'needed', pinRetries: 8 });
    input.emit('data', Buffer.from('old\r\nnew\r\n'));
    input.emit('end');
    expect(await first).toBe('old');
    expect(await user.askPin({ reason: 'wrong', pinRetries: 7 })).toBeUndefined();
    expect(await user.askNewPin({ minLength: 4 })).toBe('new');
    expect(await user.askNewPin({ minLength: 4, problem: 'tooShort' })).toBeUndefined();
    expect(await user.askNewPin({ minLength: 4 })).toBeUndefined();
  });

  test.each([
    ['yes\n', true],
    ['y\n', false],
    ['\n', false],
  ])('only the whole word confirms: %j', async (typed, expected) => {
    const { input, shown, stop, terminal } = build();
    input.type(typed);
    const user = createCliUser({ terminal, signal: stop.signal, ...options });
    expect(await user.confirm({ type: 'reset', productName: 'My \x1b[2Jkey' })).toBe(expected);
    expect(shown.join('')).toContain('erases the key "My \ufffd[2Jkey"');
  });
});

test('texts of keys and sites cannot steer a terminal', () => {
  expect(printable('a\x1b[31mb\nc\u202ed')).toBe('a\ufffd[31mb\ufffdc\ufffdd');
  expect(Array.from(printable('é'.repeat(500)))).toHaveLength(201);
});
