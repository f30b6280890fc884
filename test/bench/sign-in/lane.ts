import type { Realm } from '../../support/page-call.ts';

/** One way by which a page's call reaches Keystile: a browser, and what it is told to do with calls. */
export interface Lane {
  readonly name: string;
  /** Starts the browser with a page there. A text says why there is none on this machine. */
  open(devices: string, pageUrl: string): Promise<OpenLane | string>;
}

/** A browser with one page, from which calls are made. */
export interface OpenLane {
  readonly page: Realm;
  /** Waits for the prompt of the call that is made next. Resolves when it has painted. */
  readPrompt(): Promise<PromptTimes>;
  /** Pauses Keystile: from now on the browser's own functions answer in the page, with a virtual authenticator that never waits. */
  goNative(): Promise<void>;
  close(): Promise<void>;
}

/** Wall clock in milliseconds, with the resolution of `performance.now`. */
export interface PromptTimes {
  /** The prompt's document begins. */
  readonly began: number;
  /** Its first paint with content. */
  readonly painted: number;
}
