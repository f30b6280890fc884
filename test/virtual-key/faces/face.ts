import type { Environment } from '../authenticator/environment.ts';
import type { CardAuthenticatorPort } from '../authenticator/exchange.ts';
import type { PacketHook } from './faults.ts';

/** A key in one slot: how the world reaches it. Further kinds of face implement the same. */
export interface Face {
  /** What a client needs to reach the key, such as `127.0.0.1:8111`. */
  readonly address: string;
  readonly plugged: boolean;
  /** Puts the key into the slot; it powers up. Does nothing when it is there. */
  plug(): void;
  /** Pulls the key out: what runs is aborted, nothing is answered any more. Does nothing when it is out. */
  unplug(): void;
  /** Replaces the hooks that look at every packet. */
  setHooks(hooks: readonly PacketHook[]): void;
}

/** A place where one key can be: a UDP port, a vpcd connection. */
export interface Slot {
  /** For which kind of key, in WebDriver's words. */
  readonly transport: 'usb' | 'nfc';
  readonly address: string;
  readonly occupied: boolean;
  /** Puts a key into the slot, plugged in. */
  insert(authenticator: CardAuthenticatorPort, environment: Environment): Face;
  /** Takes the key out for good. */
  remove(): void;
  close(): Promise<void>;
}
