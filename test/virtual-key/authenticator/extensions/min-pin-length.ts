import { booleanAt } from '../parameters.ts';
import type { Extension } from './extension.ts';

/** minPinLength: tells chosen Relying Parties the minimum PIN length. Source: CTAP 2.1 §12.4. */
export function minPinLength(): Extension {
  return {
    name: 'minPinLength',
    create: (input, { state, rpId }) => {
      const wanted = booleanAt(input, 'minPinLength') === true;
      const { minPinLengthRpIds } = state.settings;
      return wanted && (minPinLengthRpIds === 'all' || minPinLengthRpIds.includes(rpId)) ? state.settings.minPinLength : undefined;
    },
  };
}
