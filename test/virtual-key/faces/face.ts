import type { Environment } from '../authenticator/environment.ts';
import type { CardAuthenticatorPort } from '../authenticator/exchange.ts';
import type { PacketHook, PacketShape } from './faults.ts';

/** Packets that went through a face over its life; faults that swallow one are not counted. */
export interface Traffic {
  readonly in: number;
  readonly out: number;
  /** Those of `out` that only told that the key is at work. */
  readonly keepalives: number;
}

/** A key in one slot: how the world reaches it. Further kinds of face implement the same. */
export interface Face {
  /** What a client needs to reach the key, such as `127.0.0.1:8111`. */
  readonly address: string;
  readonly plugged: boolean;
  /** Absent for a face without packets. */
  readonly traffic?: Traffic;
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
  /** The packets that faces of this slot carry. */
  readonly shape: PacketShape;
  /** Puts a key into the slot, plugged in. */
  insert(authenticator: CardAuthenticatorPort, environment: Environment): Face;
  /** Takes the key out for good. */
  remove(): void;
  close(): Promise<void>;
}
