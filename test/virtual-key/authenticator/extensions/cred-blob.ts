import { booleanAt, bytesAt, required } from '../parameters.ts';
import type { Extension } from './extension.ts';

/** Bytes that a credBlob may have. Source: CTAP 2.1 §6.4 (0x0F): at least 32. */
export const MAX_CRED_BLOB_LENGTH = 32;

/** credBlob: a few bytes kept with a credential, of most keys only with a discoverable one. Source: CTAP 2.1 §12.2. */
export function credBlob(): Extension {
  return {
    name: 'credBlob',
    create: (input, { draft, discoverable, state }) => {
      const blob = required(bytesAt(input, 'credBlob'));
      if (!(discoverable || state.settings.credBlobForAll) || blob.length > MAX_CRED_BLOB_LENGTH) return false;
      draft.credBlob = blob;
      return true;
    },
    get: (input, { credential }) =>
      booleanAt(input, 'credBlob') === true ? (credential.credBlob ?? new Uint8Array()) : undefined,
  };
}
