import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { CardSettings } from './settings.ts';

/** What a key reports while it works: busy, or waiting for its user. */
export type WorkStatus = 'processing' | 'userPresenceNeeded';

/** What a face gives to one running command. */
export interface Exchange {
  /** Tells the face what the key is doing now; the face repeats it to the platform as its transport demands. */
  readonly keepalive: (status: WorkStatus) => void;
  /** Aborted by the platform's cancel, by an unplugged key, by a lifted card. */
  readonly signal: AbortSignal;
}

/**
 * The whole contract between the authenticator and its faces (UDP, vpcd; uhid fits the same). A face frames and
 * unframes bytes; it knows nothing of CTAP commands. One exchange at a time.
 */
export interface AuthenticatorPort {
  /** CTAP2 messages are taken. */
  readonly supportsCbor: boolean;
  /** U2F messages are taken. */
  readonly supportsU2f: boolean;
  /** A platform's cancel is not listened to; an end of the power or of the channel still is. */
  readonly ignoresCancel?: boolean;
  /** A CTAP2 command: command byte and CBOR in, status byte and CBOR out. Never rejects. */
  call(request: Bytes, exchange: Exchange): Promise<Bytes>;
  /** A U2F command: APDU in, data and status word out. Never rejects. */
  message(apdu: Bytes): Promise<Bytes>;
  /** The key is asked to blink. */
  wink(): void;
  /** Power is gone and back: everything that a real key keeps in RAM is forgotten. */
  powerCycle(): void;
}

/** The same of a key that can be a card as well. */
export interface CardAuthenticatorPort extends AuthenticatorPort {
  readonly card: CardSettings;
}
