import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { Result } from '../../shared/bytes/result.ts';

/** How a key is reached. `udp` is the development transport: CTAPHID reports in datagrams on loopback. */
export const TransportKind = { usb: 'usb', nfc: 'nfc', udp: 'udp' } as const;
export type TransportKind = (typeof TransportKind)[keyof typeof TransportKind];

/** What went wrong between the host and a key, below CTAP. */
export const TransportProblem = {
  /** The operating system refuses access (no udev rule on Linux, HID closed to non-administrators on Windows). */
  accessDenied: 'accessDenied',
  /** Another program holds the key, and kept holding it. */
  busy: 'busy',
  /** The key went away. */
  disconnected: 'disconnected',
  /** The caller's signal ended the exchange, and the key was told so. */
  cancelled: 'cancelled',
  /** The key sent nothing before the deadline. */
  timeout: 'timeout',
  /** The key broke the framing rules. */
  protocol: 'protocol',
  /** The key has lost what it was told before, and was not sent a request that builds on it (see `CallOptions`). */
  forgotten: 'forgotten',
  /** A system library or service that the transport needs is missing. */
  unavailable: 'unavailable',
} as const;
export type TransportProblem = (typeof TransportProblem)[keyof typeof TransportProblem];

/** A failed exchange with a key. `detail` is for logs and the inspector; it never carries payload bytes. */
export interface TransportError {
  readonly kind: 'transport';
  readonly problem: TransportProblem;
  readonly transport: TransportKind;
  readonly detail: string;
}

/** A key that is plugged in or on a reader, not yet opened. `id` is stable while it stays there. */
export interface DeviceDescriptor {
  readonly id: string;
  readonly transport: TransportKind;
  /** What the key calls itself, for the prompt; may be empty. */
  readonly productName: string;
  /**
   * The key lay on its reader before anybody looked: that it is there says nothing about what its owner wants now. Set
   * for keys whose presence alone counts as the user's (cards).
   */
  readonly presentBefore?: boolean;
  /** What tells this very key from others of its model, as far as the system knows. */
  readonly hardware?: HardwareIdentity;
}

/** Where a key is plugged in, and what it says of itself to the system before any CTAP. */
export interface HardwareIdentity {
  /** The one that the key tells on USB; many tell none. */
  readonly serialNumber?: string;
  /** The port, stable over unplugging. */
  readonly port?: string;
}

/** What a key reports while it works (CTAPHID_KEEPALIVE, NFCCTAP status). */
export type KeepaliveStatus = 'processing' | 'userPresenceNeeded';

/** Bounds of one exchange. */
export interface CallOptions {
  /**
   * Ends the exchange: the key is sent a cancel, and the call resolves once the key has confirmed or a short deadline has
   * passed. It resolves with `cancelled`, but for one case: a success that crossed the cancel is handed over, because what
   * the key did, such as making a credential, is done.
   */
  readonly signal: AbortSignal;
  /** Milliseconds without any packet from the key after which it counts as stalled. */
  readonly stallTimeout: number;
  readonly onKeepalive?: (status: KeepaliveStatus) => void;
  /**
   * The request builds on the exchange before it, such as a PIN on its key agreement. Where another program has reset the
   * card since, or has used it for something else, it is not sent, and the call ends with `forgotten`.
   */
  readonly continues?: boolean;
}

/** An opened key. One exchange at a time; a second call while one runs waits for its turn. */
export interface Device {
  readonly descriptor: DeviceDescriptor;
  /** The key takes CTAP2 commands (CTAPHID capability CBOR, or the NFC applet's answer). */
  readonly supportsCbor: boolean;
  /** The key takes U2F messages. */
  readonly supportsU2f: boolean;
  /**
   * One CTAP2 exchange: command byte and CBOR out, status byte and CBOR back.
   * Source: CTAP 2.2 §8.1 "Commands", §11.2.9.1.2 CTAPHID_CBOR.
   */
  call(request: Bytes, options: CallOptions): Promise<Result<Bytes, TransportError>>;
  /** One U2F exchange: extended-length APDU out, data and status word back. Source: U2F raw messages §3; CTAPHID_MSG. */
  message(apdu: Bytes, options: CallOptions): Promise<Result<Bytes, TransportError>>;
  /** The key can blink by itself (CTAPHID capability WINK); absent where the transport knows no such thing. */
  readonly supportsWink?: boolean;
  /** Lets the key blink, if it can. Source: CTAP 2.2 §11.2.9.2.2 CTAPHID_WINK. */
  wink?(options: CallOptions): Promise<Result<undefined, TransportError>>;
  /** Resolves when the key has gone away (unplugged, taken off the reader). Never rejects. */
  readonly gone: Promise<void>;
  /** Gives the key back. Idempotent; cancels what is running. */
  close(): Promise<void>;
}

/** Whether a transport can be used at all, told apart from "no key there". */
export type TransportStatus =
  | { readonly available: true }
  | { readonly available: false; readonly problem: TransportProblem; readonly detail: string };

/**
 * What a watcher is told. `denied` names a key that is there but may not be opened; `added` may follow, once access was
 * granted, and `removed` follows when it goes. Nothing is told from within `watch` itself.
 */
export interface DeviceListener {
  readonly added: (descriptor: DeviceDescriptor) => void;
  readonly removed: (id: string) => void;
  readonly denied: (descriptor: DeviceDescriptor, error: TransportError) => void;
}

/** One way of reaching keys. */
export interface Transport {
  readonly kind: TransportKind;
  /** Never throws and never blocks. */
  status(): Promise<TransportStatus>;
  /** Reports the keys that are there now and every change, until the returned function is called. */
  watch(listener: DeviceListener): () => void;
  open(id: string, signal: AbortSignal): Promise<Result<Device, TransportError>>;
}
