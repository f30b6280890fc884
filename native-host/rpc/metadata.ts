import { success } from '../../shared/bytes/result.ts';
import type { MetadataKey } from '../../shared/verifier/mds/metadata-index.ts';
import { NO_AAGUID } from '../../shared/webauthn/authenticator-data.ts';
import type { ResultOf } from '../../shared/wire/hop.ts';
import type { NativeHop } from '../../shared/wire/native.ts';
import type { MetadataStatus, MetadataStore } from '../metadata/metadata-store.ts';
import { modelName } from '../metadata/names.ts';
import type { HostHandlers } from './wire-error.ts';

const MAX_DETAIL = 1024;

/**
 * `metadata.lookup`: what the FIDO metadata says of one model. Only this entry goes to the extension; the BLOB stays
 * here, where it is verified.
 */
export function metadataHandler(metadata: Pick<MetadataStore, 'status' | 'ready' | 'find'>): HostHandlers['metadata.lookup'] {
  return async ({ aaguid, keyIdentifiers, waits }) => {
    if (waits === true) await metadata.ready();
    const isTold = aaguid !== undefined && aaguid !== NO_AAGUID;
    // An entry that is found by a certificate speaks of keys without an AAGUID, and for no model that has one.
    const keys: readonly MetadataKey[] = isTold ? [{ aaguid }] : (keyIdentifiers ?? []).map((keyIdentifier) => ({ keyIdentifier }));
    const name = aaguid === undefined ? undefined : modelName(aaguid);
    const result: ResultOf<NativeHop, 'metadata.lookup'> = {
      status: toWire(await metadata.status()),
      ...(name === undefined ? {} : { name }),
    };
    for (const key of keys) {
      const found = await metadata.find(key);
      if (found?.ok === true) return success({ ...result, entry: found.value });
      if (found?.error.problem === 'unusable') return success({ ...result, unusable: found.error.detail.slice(0, MAX_DETAIL) });
    }
    return success(result);
  };
}

/** The detail quotes paths and addresses of the settings, which may be longer than the hop takes. */
function toWire(status: MetadataStatus): MetadataStatus {
  return status.state === 'none' ? { state: 'none', detail: status.detail.slice(0, MAX_DETAIL) } : status;
}
