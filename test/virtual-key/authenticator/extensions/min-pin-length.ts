import { booleanAt } from '../parameters.ts';
import type { Extension } from './extension.ts';

/** minPinLength: tells chosen Relying Parties the minimum PIN length. Source: CTAP 2.1 §12.4. */
export function minPinLength(): Extension {
  return {
    name: 'minPinLength',
    create: (input, { state, rpId }) => {
      const wanted = booleanAt(input, 'minPinLength') === true;
      return wanted && state.settings.minPinLengthRpIds.includes(rpId) ? state.settings.minPinLength : undefined;
    },
  };
}
