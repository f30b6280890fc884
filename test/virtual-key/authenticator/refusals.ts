import { type CborMap, isCborMap } from '../../../shared/cbor/value.ts';
import type { Refusal } from './odd-settings.ts';
import { CtapFailure } from './status.ts';

const OPTIONS_OF_GET_ASSERTION = 5;

/** Counts how often the refusals of the settings were used. */
export class Refusals {
  #left: readonly { readonly refusal: Refusal; times: number }[] = [];

  /** Begins anew with these. */
  set(refusals: readonly Refusal[]): void {
    this.#left = refusals.map((refusal) => ({ refusal, times: refusal.times ?? Infinity }));
  }

  /** Fails with the status of the first refusal that fits the command, by its name in the log. */
  check(command: string, parameters: CborMap): void {
    const isSilent = command === 'getAssertion' && asksForNoTouch(parameters);
    const found = this.#left.find(
      ({ refusal, times }) => times > 0 && refusal.command === command && (refusal.silent ?? isSilent) === isSilent,
    );
    if (found === undefined) return;
    found.times -= 1;
    throw new CtapFailure(found.refusal.status);
  }
}

function asksForNoTouch(parameters: CborMap): boolean {
  const options = parameters.get(OPTIONS_OF_GET_ASSERTION);
  return isCborMap(options) && options.get('up') === false;
}
