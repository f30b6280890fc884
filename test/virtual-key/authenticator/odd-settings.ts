/** A command that is refused without being looked at. */
export interface Refusal {
  /** As the log names it. */
  readonly command: string;
  /** Status byte, known or not. */
  readonly status: number;
  /** How many such commands are refused; all of them when absent. */
  readonly times?: number;
  /** Only (true) or never (false) those that ask for no touch; when absent, both. */
  readonly silent?: boolean;
}

/** Values of `lockedInfo`. */
export const LOCKED_INFO = ['never', 'untilVerified', 'always'] as const;
type LockedInfo = (typeof LOCKED_INFO)[number];

/** What real keys do that no specification says. */
export interface OddSettings {
  /** In turn; the first that fits a command counts. */
  readonly refusals: readonly Refusal[];
  /** getInfo tells members, versions, options, extensions and algorithms that nobody knows. */
  readonly unknownInfo: boolean;
  /** Bytes after which names of accounts are cut, also inside a character. */
  readonly cutNames: number | undefined;
  /** Leave the account, the number of credentials out of an assertion. */
  readonly omitUser: boolean;
  readonly omitNumberOfCredentials: boolean;
  /** CTAPHID_CANCEL does nothing. */
  readonly ignoreCancel: boolean;
  /** With a PIN, getInfo says `alwaysUv`, whatever the setting is: until a token was given out after power-up, or always. */
  readonly lockedInfo: LockedInfo;
  /** After power-up only getInfo, selection and makeCredential may come before a reset: anything else ends its window. */
  readonly resetFirst: boolean;
  /** getAssertion finds nothing under an AppID: what U2F has registered signs by U2F only. */
  readonly appIdByU2fOnly: boolean;
}

/** None of it. */
export const NOTHING_ODD: OddSettings = {
  refusals: [],
  unknownInfo: false,
  cutNames: undefined,
  omitUser: false,
  omitNumberOfCredentials: false,
  ignoreCancel: false,
  lockedInfo: 'never',
  resetFirst: false,
  appIdByU2fOnly: false,
};
