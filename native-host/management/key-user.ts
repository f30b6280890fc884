import type { SampleStatus } from '../ctap2/bio-enrollment/enrol.ts';
import type { Likeness } from './same-key.ts';
import type { FingerprintView } from './fingerprints.ts';
import type { CredentialView } from './credentials.ts';

/** A PIN that is asked for. */
export interface PinQuestion {
  /** `wrong`: the one before was not right. */
  readonly reason: 'needed' | 'wrong';
  /** Wrong PINs that the key still takes; 0 never comes here. */
  readonly pinRetries: number;
}

/** What a key demands of a new PIN, as far as it tells. */
export interface PinRules {
  /** Unicode code points. */
  readonly minLength: number;
  /** Unicode code points; absent where the key names no maximum of its own. */
  readonly maxLength?: number;
  /** Where the rules are described that the key has besides: an https address in ASCII. */
  readonly policyUrl?: string;
}

/** A new PIN that is asked for. */
export interface NewPinQuestion extends PinRules {
  /** What was wrong with the one before. */
  readonly problem?: 'tooShort' | 'tooLong' | 'refused';
}

/** What happens while the user waits. */
export type ManagementEvent =
  | { readonly type: 'touchNeeded' }
  /** The sensor waits for a finger, to verify the user. */
  | { readonly type: 'fingerNeeded'; readonly again: boolean }
  /** Fingerprints are blocked or not recognised: the PIN is asked for instead. */
  | { readonly type: 'fingerprintRefused' }
  /** The sensor waits for the finger that is enrolled; `remaining` is absent until the key tells it. */
  | { readonly type: 'sampleNeeded'; readonly remaining?: number }
  | { readonly type: 'sampleTaken'; readonly status: SampleStatus; readonly remaining: number }
  /** Steps of a reset. */
  | { readonly type: 'removeKey' }
  | { readonly type: 'insertKey' }
  | { readonly type: 'touchToReset'; readonly longTouch: boolean; readonly likeness: Likeness };

/** What is lost or cannot be undone, for the user to confirm. */
export type Loss =
  | { readonly type: 'credential'; readonly credential: CredentialView }
  | { readonly type: 'fingerprint'; readonly fingerprint: FingerprintView; readonly isLast: boolean }
  | { readonly type: 'minPinLength'; readonly from: number; readonly to: number; readonly forcesChange: boolean; readonly complexity?: true }
  | { readonly type: 'enterpriseAttestation' }
  | { readonly type: 'longTouchForReset' }
  | { readonly type: 'reset'; readonly productName: string };

/** The person who manages a key, through a terminal or a window. */
export interface KeyUser {
  /** Asks for the PIN; `undefined` when there is none to be had (any more). */
  readonly askPin: (question: PinQuestion) => Promise<string | undefined>;
  /** Asks for a new PIN; `undefined` as with `askPin`. */
  readonly askNewPin: (question: NewPinQuestion) => Promise<string | undefined>;
  /** A PIN is at hand: it is used where the key would take a fingerprint as well. */
  readonly prefersPin: boolean;
  readonly confirm: (loss: Loss) => Promise<boolean>;
  readonly tell: (event: ManagementEvent) => void;
}
