import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { Environment } from '../authenticator/environment.ts';
import type { Slot } from '../faces/face.ts';
import type { KeyConfig } from './decode-config.ts';
import { ControlFailure } from './fields.ts';
import { KeyInSlot } from './key-in-slot.ts';

/** All keys of all sessions, and the slots that they are in. */
export class KeyRing {
  readonly #slots: readonly Slot[];
  readonly #environment: Environment;
  readonly #sessions = new Map<string, Map<string, KeyInSlot>>();

  constructor(slots: readonly Slot[], environment: Environment) {
    this.#slots = slots;
    this.#environment = environment;
  }

  /** Begins a session; one that exists goes on. */
  attach(session: string): void {
    if (!this.#sessions.has(session)) this.#sessions.set(session, new Map());
  }

  /** Ends a session: all its keys are taken away. */
  detach(session: string): void {
    for (const key of this.#sessions.get(session)?.values() ?? []) key.remove();
    this.#sessions.delete(session);
  }

  /** Makes a key and puts it into the next free slot. Returns its id. */
  add(session: string, config: KeyConfig): string {
    const slot = this.#slots.find(({ transport, occupied }) => transport === config.transport && !occupied);
    if (slot === undefined) {
      throw new ControlFailure('unsupported operation', `There is no free slot for a key with the transport ${config.transport}.`);
    }
    this.attach(session);
    const id = encodeHex(this.#environment.random(16));
    this.#sessions.get(session)?.set(id, new KeyInSlot(config, slot, this.#environment));
    return id;
  }

  /** The key, of that session only. */
  get(session: string, id: string): KeyInSlot {
    const key = this.#sessions.get(session)?.get(id);
    if (key === undefined) throw new ControlFailure('unknown authenticator', 'This session has no such authenticator.');
    return key;
  }

  remove(session: string, id: string): void {
    this.get(session, id).remove();
    this.#sessions.get(session)?.delete(id);
  }

  /** Ends all sessions and gives the slots back. */
  async close(): Promise<void> {
    for (const session of [...this.#sessions.keys()]) this.detach(session);
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }
}
