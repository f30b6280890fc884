/** How many and how long credential IDs a key takes in one list; absent where the key does not tell. */
export interface ListLimits {
  readonly maxCount: number | undefined;
  /** Bytes. */
  readonly maxIdLength: number | undefined;
  /** Bytes of a whole request. */
  readonly maxMessageSize: number;
}

/** What a ceremony needs to know of a key: of a CTAP2 key, what getInfo tells (CTAP 2.2 §6.4). */
export interface KeyFacts {
  /** A U2F key knows neither user verification nor discoverable credentials. */
  readonly protocol: 'ctap2' | 'u2f';
  /** The model, 32 hexadecimal digits in lower case; zeros for a key that has none. */
  readonly aaguid: string;
  readonly pin: 'unsupported' | 'notSet' | 'set';
  /** The key's own user verification (a fingerprint sensor, a PIN pad). */
  readonly uv: 'unsupported' | 'notConfigured' | 'ready';
  /** Gives a token for its own user verification; else it verifies with option `uv` of the operation. */
  readonly uvByToken: boolean;
  readonly hasCredProtect: boolean;
  readonly hasHmacSecret: boolean;
  /** Credentials can have large blobs. */
  readonly hasLargeBlobs: boolean;
  readonly canMakeResidentKey: boolean;
  readonly makeCredUvNotRqd: boolean;
  readonly alwaysUv: boolean;
  readonly noMcGaPermissionsWithClientPin: boolean;
  readonly forcePinChange: boolean;
  /** Unicode code points. */
  readonly minPinLength: number;
  /** Unicode code points; absent where the key does not tell. */
  readonly maxPinLength: number | undefined;
  /** COSE identifiers; absent where the key does not tell. */
  readonly algorithms: readonly number[] | undefined;
  readonly lists: ListLimits;
}
