import { booleanAt } from '../parameters.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import type { Extension } from './extension.ts';

/**
 * largeBlobKey: the key of the credential's part of the large-blob array. The key itself travels beside the
 * authenticator data, never in it. Source: CTAP 2.1 §12.3.
 */
export function largeBlobKey(): Extension {
  return {
    name: 'largeBlobKey',
    create: (input, { draft, discoverable, state }) => {
      if (booleanAt(input, 'largeBlobKey') !== true || !discoverable) throw new CtapFailure(CtapStatus.invalidOption);
      draft.largeBlobKey = state.environment.random(32);
      return undefined;
    },
    get: (input) => {
      if (booleanAt(input, 'largeBlobKey') !== true) throw new CtapFailure(CtapStatus.invalidOption);
      return undefined;
    },
  };
}
