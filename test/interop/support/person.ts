import type { CeremonyState } from '../../../shared/wire/ceremony-state.ts';
import type { KeyUser, ManagementEvent } from '../../../native-host/management/key-user.ts';

/** Someone who uses a key: answers what the host asks, and remembers what that was. */
export class Person implements KeyUser {
  readonly prefersPin = true;
  /** PINs in the order in which they are typed; the last one again and again. */
  readonly pins: readonly string[];
  /** The account to choose, by its name. */
  readonly account: string | undefined;
  /** New PIN, where one is asked for. */
  readonly newPin: string | undefined;
  readonly events: ManagementEvent[] = [];
  /** Why the PIN was asked for each time, and how many tries were left. */
  readonly questions: { readonly reason: string; readonly pinRetries: number | undefined }[] = [];
  #typed = 0;

  constructor({ pins = [], newPin, account }: { pins?: readonly string[]; newPin?: string; account?: string } = {}) {
    this.pins = pins;
    this.newPin = newPin;
    this.account = account;
  }

  readonly askPin: KeyUser['askPin'] = ({ reason, pinRetries }) => Promise.resolve(this.typePin(reason, pinRetries));
  readonly askNewPin: KeyUser['askNewPin'] = ({ problem }) => Promise.resolve(problem === undefined ? this.newPin : undefined);
  readonly confirm: KeyUser['confirm'] = () => Promise.resolve(true);
  readonly tell: KeyUser['tell'] = (event) => {
    this.events.push(event);
  };

  /** The next PIN, or `undefined` when there is none, or they were all wrong. */
  typePin(reason: string, pinRetries: number | undefined): string | undefined {
    this.questions.push({ reason, pinRetries });
    const pin = this.pins[this.#typed];
    this.#typed += 1;
    return pin;
  }

  /** Position of the account to choose among those shown; the first without a choice. */
  choose({ entries }: Extract<CeremonyState, { state: 'selectingCredential' }>): number {
    const entry = entries.find(({ name }) => name === this.account);
    return entry?.index ?? 0;
  }
}
