import type { Bytes } from '../../shared/bytes/bytes.ts';
import type { Result } from '../../shared/bytes/result.ts';
import type {
  AccountEntry,
  CeremonyState,
  DeviceProblem,
  DeviceSummary,
  PinReason,
} from '../../shared/wire/ceremony-state.ts';
import type { KeyFacts } from './key-facts.ts';
import type { OperationFailure } from './operation-failure.ts';
import type { AuthenticationOutcome, CeremonyFailure, CeremonyOutcome, CeremonyRequest, UserInput } from './request.ts';

/** A key as the machine knows it: the transport's id and what the prompt calls it. */
export interface DeviceIdentity extends DeviceSummary {
  readonly id: string;
  /** A card that lay on its reader before the ceremony: see `DeviceDescriptor`. */
  readonly presentBefore?: boolean;
}

/** What a silent look at the listed credentials has brought. */
export type PreflightFinding =
  /**
   * `rpId`: the one that it was found under, which is an AppID for what U2F's own API has registered. `byU2f`: a CTAP2 key
   * knows it as a U2F key only.
   */
  | { readonly kind: 'match'; readonly id: Bytes; readonly rpId: string; readonly byU2f?: true }
  | { readonly kind: 'none' }
  /** The key would not tell without a touch: of these, or of any where they are absent. */
  | { readonly kind: 'unknown'; readonly ids?: readonly Bytes[] };

/** Number of a running operation; an answer with another number is late and ignored. */
interface Op {
  readonly op: number;
}

/** Where one key is. Steps with an `op` wait for that operation's end. */
export type DeviceStep =
  | ({ readonly at: 'opening' | 'probing' | 'readingPinRetries' | 'readingUvRetries' | 'preflighting' } & Op)
  | ({ readonly at: 'verifyingUv' | 'verifyingPin' | 'settingPin' | 'cancelling' } & Op)
  /** Waits for a touch, as the one that the user means. `asked`: the key said that it waits. */
  | ({ readonly at: 'selecting'; readonly asked: boolean } & Op)
  /** makeCredential or getAssertion runs. */
  | ({ readonly at: 'operating'; readonly asked: boolean } & Op)
  | { readonly at: 'ready' }
  | { readonly at: 'needsPin' }
  | { readonly at: 'needsNewPin'; readonly problem?: 'tooShort' | 'tooLong' | 'policy' }
  /** Locked until its power was cut. `gone`: it was taken out. */
  | { readonly at: 'needsReinsert'; readonly gone: boolean }
  /** A card that lay there before; being there counts as a touch, so its owner has to say so, or to lay it down anew. */
  | { readonly at: 'needsTap' }
  | { readonly at: 'choosing'; readonly accounts: readonly Account[] }
  | { readonly at: 'unusable'; readonly problem: DeviceProblem };

/** One of several assertions of a key, with the account that it is for. */
export interface Account {
  readonly entry: AccountEntry;
  readonly outcome: AuthenticationOutcome;
}

/** Everything that the machine knows of one key. */
export interface DeviceRecord {
  readonly identity: DeviceIdentity;
  readonly step: DeviceStep;
  readonly facts: KeyFacts | undefined;
  /** The runner holds a pinUvAuthToken of this key. */
  readonly authorised: boolean;
  readonly uvRefused: boolean;
  readonly uvDemanded: boolean;
  /** Fresh tokens that were fetched because one was refused. */
  readonly renewals: number;
  /** Requests for a touch or a fingerprint that came to nothing on the key, and were made again. */
  readonly rearmed: number;
  readonly preflight: PreflightFinding | undefined;
  /** It would not take the list that its own limits allow: the list is looked through first. */
  readonly listTooLong: boolean;
  /** Why the ceremony fails once this key is touched. */
  readonly verdict: CeremonyFailure | undefined;
  readonly pinReason: PinReason;
  /** `undefined`: not read yet; `unknown`: the key did not tell. */
  readonly pinRetries: number | 'unknown' | undefined;
  readonly uvRetries: number | undefined;
  /** Takes no PIN until its power was cut. */
  readonly locked: boolean;
  /** The runner keeps the old PIN, which is to be changed. */
  readonly changesPin: boolean;
  /** Why it could not be used when it was last tried; told until it is known again. */
  readonly heldUpBy: DeviceProblem | undefined;
}

/** The whole state. It never holds a PIN or a token. */
export interface MachineState {
  readonly request: CeremonyRequest;
  readonly promptVisible: boolean;
  readonly devices: readonly DeviceRecord[];
  /**
   * The key that the ceremony goes on with: `alone`, as the only one, it may yet be joined by others; by `input` (a PIN,
   * a fingerprint) or by `touch` the user has chosen it.
   */
  readonly selected: { readonly id: string; readonly by: 'alone' | 'input' | 'touch' } | undefined;
  /** Transports that cannot be used. */
  readonly transportProblems: readonly DeviceProblem[];
  readonly nextOp: number;
  readonly ended: Result<undefined, CeremonyFailure> | undefined;
  readonly published: CeremonyState | undefined;
}

/** An operation's good end. */
export type OperationResult = { readonly device: string } & Op &
  (
    | { readonly type: 'opened' }
    | { readonly type: 'probed'; readonly facts: KeyFacts }
    | { readonly type: 'pinRetriesRead'; readonly pinRetries: number; readonly powerCycleRequired: boolean }
    | { readonly type: 'uvRetriesRead'; readonly uvRetries: number }
    | { readonly type: 'preflighted'; readonly finding: PreflightFinding }
    | { readonly type: 'touched' }
    | { readonly type: 'tokenObtained' }
    | { readonly type: 'pinSet' }
    | { readonly type: 'completed'; readonly outcome: CeremonyOutcome }
    /** Several discoverable credentials; in the key's order. */
    | { readonly type: 'accountsFound'; readonly accounts: readonly Account[] }
  );

/** Whatever happens to a ceremony. */
export type MachineInput =
  | UserInput
  | OperationResult
  | ({
      readonly type: 'operationFailed';
      readonly device: string;
      readonly failure: OperationFailure;
      /** For the developer. */
      readonly detail: string;
    } & Op)
  /** The key reports that it waits for the user. */
  | ({ readonly type: 'presenceAsked'; readonly device: string } & Op)
  | { readonly type: 'deviceAdded'; readonly device: DeviceIdentity }
  | { readonly type: 'deviceRemoved'; readonly device: string }
  /** A key that was set aside because something else used it may be free now. */
  | { readonly type: 'retryDue'; readonly device: string }
  | { readonly type: 'deviceDenied'; readonly device: DeviceIdentity; readonly problem: DeviceProblem }
  | {
      readonly type: 'transportsChecked';
      readonly problems: readonly DeviceProblem[];
      readonly usable: number;
    }
  | { readonly type: 'deadlinePassed' }
  | { readonly type: 'aborted'; readonly failure: CeremonyFailure };

/** What makeCredential and getAssertion are to be sent with, besides the request itself. */
export interface OperationPlan {
  /** The list as it is to be sent: cut and looked through. */
  readonly ids: readonly Bytes[];
  /** RP ID, or the AppID under which the credential was found. */
  readonly rpId: string;
  readonly residentKey: boolean;
  /** Option `uv`. */
  readonly uv: boolean;
  /** With the token that the runner holds. */
  readonly authorised: boolean;
  /** By U2F, although the key speaks CTAP2. */
  readonly byU2f?: true;
}

/** What the runner is to do with a key. The end comes back as an input with the same `op`. */
export type DeviceEffect = { readonly device: string } & Op &
  (
    | { readonly type: 'open' | 'probe' | 'readPinRetries' | 'readUvRetries' | 'selectByTouch' }
    | { readonly type: 'preflight'; readonly ids: readonly Bytes[]; readonly authorised: boolean }
    | { readonly type: 'obtainToken'; readonly method: { readonly pin: string } | 'keptPin' | 'uv' }
    /** Sets the first PIN, or changes the kept one. */
    | { readonly type: 'setPin'; readonly pin: string; readonly change: boolean }
    | ({ readonly type: 'operate' } & OperationPlan)
  );

/** What the runner is to do. */
export type MachineEffect =
  | DeviceEffect
  /** Ends the key's running operation; its end still comes back. */
  | { readonly type: 'cancel'; readonly device: string }
  /** Cancels and closes; nothing comes back. */
  | { readonly type: 'close'; readonly device: string }
  | { readonly type: 'keepPin'; readonly device: string; readonly pin: string }
  /** Brings `retryDue` for the key after this time. */
  | { readonly type: 'retryLater'; readonly device: string; readonly milliseconds: number }
  | { readonly type: 'startTimer'; readonly milliseconds: number }
  | { readonly type: 'clearTimer' }
  | { readonly type: 'publish'; readonly state: CeremonyState }
  | { readonly type: 'finish'; readonly result: Result<CeremonyOutcome, CeremonyFailure> };

/** One step of the machine. */
export interface MachineStep {
  readonly state: MachineState;
  readonly effects: readonly MachineEffect[];
}
