import { success } from '../../shared/bytes/result.ts';
import type { UserInput } from '../ceremony/request.ts';
import type { LiveCeremonies } from './live-ceremonies.ts';
import { type HostHandlers, wireFailure } from './wire-error.ts';

type InputMethod =
  | 'ceremony.promptVisible'
  | 'ceremony.submitPin'
  | 'ceremony.submitNewPin'
  | 'ceremony.selectCredential'
  | 'ceremony.useCard';

/** `ceremony.*`: what the person did in the prompt, for the running ceremony that it names. */
export function ceremonyInputHandlers(ceremonies: LiveCeremonies): Pick<HostHandlers, InputMethod> {
  function pass(ceremonyId: string, input: UserInput): ReturnType<HostHandlers[InputMethod]> {
    if (ceremonies.input(ceremonyId, input)) return success({});
    return wireFailure('notExpected', `No running ceremony of that ID waits for ${input.type}.`);
  }
  return {
    'ceremony.promptVisible': ({ ceremonyId }) => pass(ceremonyId, { type: 'promptVisible' }),
    'ceremony.submitPin': ({ ceremonyId, pin }) => pass(ceremonyId, { type: 'pinSubmitted', pin }),
    'ceremony.submitNewPin': ({ ceremonyId, pin }) => pass(ceremonyId, { type: 'newPinSubmitted', pin }),
    'ceremony.selectCredential': ({ ceremonyId, index }) => pass(ceremonyId, { type: 'credentialSelected', index }),
    'ceremony.useCard': ({ ceremonyId, readerName }) => pass(ceremonyId, { type: 'cardChosen', readerName }),
  };
}
