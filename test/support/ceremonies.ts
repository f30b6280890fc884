import type { Page } from 'playwright-core';

import { type CallOutcome, callCreate, type CreateOptions, type PageCall } from './page-call.ts';
import { nextPrompt, type PromptDriver } from './prompt-driver.ts';
import type { Stack } from './stack.ts';

/** A call of a page, and the prompt that it opened. */
export interface Prompted {
  readonly call: PageCall;
  readonly prompt: PromptDriver;
}

/** Makes the call and waits for its prompt window. */
export async function promptFor(stack: Stack, start: () => PageCall): Promise<Prompted> {
  const opening = nextPrompt(stack.browser.context);
  const call = start();
  return { call, prompt: await opening };
}

/** Registers an account with a key that has this PIN and touches by itself. Resolves with the credential's id. */
export async function register(stack: Stack, page: Page, pin: string, options: CreateOptions = {}): Promise<string> {
  const { call, prompt } = await promptFor(stack, () => callCreate(page, options));
  await prompt.waitForState('needsPin');
  await prompt.enterPin(pin);
  const outcome = await call.outcome;
  if (!outcome.ok) throw new Error(`The registration failed: ${outcome.name}.`);
  await prompt.closed();
  return outcome.credential.id;
}

/** What a call has come to so far. */
export function settledSoFar(call: PageCall): Promise<CallOutcome | 'pending'> {
  return Promise.race([call.outcome, Promise.resolve('pending' as const)]);
}

/** Milliseconds from `cause` (a reading of `performance.now`) until the call settles, and how it does. */
export async function settledAfter(call: PageCall, cause: number): Promise<{ readonly elapsed: number; readonly outcome: CallOutcome }> {
  const outcome = await call.outcome;
  return { elapsed: performance.now() - cause, outcome };
}

/** The client data of a credential, parsed. */
export function clientDataOf(outcome: CallOutcome): { readonly type: string; readonly challenge: string; readonly origin: string } {
  if (!outcome.ok) throw new Error(`The call failed: ${outcome.name}.`);
  const { clientDataJSON } = outcome.credential.response;
  return JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { type: string; challenge: string; origin: string };
}
