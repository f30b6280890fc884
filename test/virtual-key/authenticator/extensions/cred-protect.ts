import { CredProtect } from '../credential-store.ts';
import { unsignedAt } from '../parameters.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import type { Extension } from './extension.ts';

/** credProtect: whether the credential can be used, or even found, without user verification. Source: CTAP 2.1 §12.1. */
export function credProtect(): Extension {
  return {
    name: 'credProtect',
    create: (input, { draft }) => {
      const level = unsignedAt(input, 'credProtect') ?? 0;
      if (level < CredProtect.optional || level > CredProtect.required) throw new CtapFailure(CtapStatus.invalidParameter);
      draft.credProtect = level;
      return level;
    },
  };
}
