import type { KeyUser, NewPinQuestion, PinQuestion } from '../key-user.ts';
import { describePinProblem } from '../pin.ts';
import { describeEvent, describeLoss } from './describe-events.ts';
import type { Terminal } from './terminal.ts';

/** How the person at the command line is to be asked. */
export interface CliUserOptions {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** PINs come as lines of standard input, in the order in which they are needed. */
  readonly pinFromInput: boolean;
  /** Everything was confirmed beforehand. */
  readonly yes: boolean;
}

/** The user of a key at the command line. */
export function createCliUser({ terminal, signal, pinFromInput, yes }: CliUserOptions): KeyUser {
  const pins = pinFromInput ? pinsOfInput(terminal, signal) : pinsOfTerminal(terminal, signal);
  return {
    ...pins,
    prefersPin: pinFromInput,
    tell: (event) => terminal.say(describeEvent(event)),
    confirm: async (loss) => {
      if (yes) return true;
      terminal.say(describeLoss(loss));
      if (pinFromInput || !terminal.isInteractive) {
        terminal.say('Nobody can be asked here. Add --yes to confirm it.');
        return false;
      }
      return (await terminal.ask('Type yes to go on: ', signal)) === 'yes';
    },
  };
}

type Pins = Pick<KeyUser, 'askPin' | 'askNewPin'>;

/** Each line is good for one question; a question that comes again gets none. */
function pinsOfInput(terminal: Terminal, signal: AbortSignal): Pins {
  let lines: string[] | undefined;
  const next = async (): Promise<string | undefined> => {
    lines ??= ((await terminal.readAll(signal)) ?? '').split(/\r?\n/);
    const line = lines.shift();
    return line === '' ? undefined : line;
  };
  return {
    askPin: async ({ reason }) => (reason === 'wrong' ? undefined : next()),
    askNewPin: async ({ problem }) => (problem === undefined ? next() : undefined),
  };
}

function pinsOfTerminal(terminal: Terminal, signal: AbortSignal): Pins {
  if (!terminal.isInteractive) {
    const none = (): Promise<undefined> => {
      terminal.say('There is no terminal to ask for the PIN. Give it on standard input, with --pin-stdin.');
      return Promise.resolve(undefined);
    };
    return { askPin: none, askNewPin: none };
  }
  return {
    askPin: async (question) => {
      const warning = describeTries(question);
      if (warning !== undefined) terminal.say(warning);
      return orNothing(await terminal.askSecret('PIN of the key: ', signal));
    },
    askNewPin: async (question) => {
      if (question.problem !== undefined) terminal.say(describePinProblem(question.problem, question));
      return askTwice(terminal, question, signal);
    },
  };
}

async function askTwice(terminal: Terminal, { minLength }: NewPinQuestion, signal: AbortSignal): Promise<string | undefined> {
  for (;;) {
    const first = await terminal.askSecret(`New PIN (at least ${minLength.toString()} characters): `, signal);
    if (first === undefined || first === '') return undefined;
    const second = await terminal.askSecret('New PIN again: ', signal);
    if (second === undefined) return undefined;
    if (first === second) return first;
    terminal.say('The two are not the same. Try again.');
  }
}

/** The tries that are left: after a wrong PIN always, else when they are getting few. */
function describeTries({ reason, pinRetries }: PinQuestion): string | undefined {
  const wrong = reason === 'wrong' ? 'The PIN is wrong. ' : '';
  if (pinRetries === 1) return `${wrong}One try is left: another wrong PIN blocks the key until it is reset, which erases it.`;
  if (reason === 'wrong' || pinRetries <= 3) return `${wrong}${pinRetries.toString()} tries are left.`;
  return undefined;
}

function orNothing(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
