import { decodeBase64url } from '../../shared/bytes/base64url.ts';
import { encodeHex } from '../../shared/bytes/hex.ts';
import { success } from '../../shared/bytes/result.ts';
import type { KeyAccess } from '../ceremony/key-access.ts';
import { deleteKeyCredential } from '../management/credentials.ts';
import { chooseKey, findKeys } from '../management/key-finder.ts';
import type { KeyUser } from '../management/key-user.ts';
import { withManagedKey } from '../management/with-key.ts';
import { startDeadline } from '../transport/signals.ts';
import type { LiveCeremonies } from './live-ceremonies.ts';
import { type HostHandlers, wireFailure } from './wire-error.ts';

/** Milliseconds for the whole of it, a touch or a finger included. */
const DEADLINE = 60_000;

/**
 * `credential.delete`: removes one discoverable credential from the only key that is there. It is offered for a
 * credential whose registration was refused; the person has confirmed it in the prompt, where the PIN comes from, too.
 * A key that does not hold it is told apart from one that it was removed from: the person may have changed keys.
 *
 * Source: CTAP 2.2 §6.8.5.
 */
export function deleteCredentialHandler(keys: KeyAccess, ceremonies: LiveCeremonies): HostHandlers['credential.delete'] {
  return async ({ credentialId, pin }, { signal }) => {
    const id = decodeBase64url(credentialId);
    if (id === undefined || id.length === 0) return wireFailure('invalidParams', 'It is no credential ID.');
    const hex = encodeHex(id);
    const user = oneTimeUser(pin, hex);
    const deleted = await ceremonies.runAlone((ended) => inTime(ended, (within) => deleteFromOnlyKey(keys, hex, user, within)), signal);
    if (deleted === undefined) return wireFailure('notExpected', 'Another ceremony is running.');
    if (deleted.ok) return success({ outcome: 'deleted' });
    const { reason, pinRetries = user.pinRetries() } = deleted.error;
    const retries = pinRetries === undefined ? {} : { pinRetries };
    switch (reason) {
      case 'pinNeeded':
      case 'pinInvalid':
        return success({ outcome: reason, ...retries });
      case 'notFound':
      case 'notSupported':
      case 'noKey':
      case 'severalKeys':
      case 'pinBlocked':
      case 'pinAuthBlocked':
      case 'pinNotSet':
        return success({ outcome: reason });
      // One whose ID only begins so is another one.
      case 'notConfirmed':
        return success({ outcome: 'notFound' });
      case 'disconnected':
        return success({ outcome: 'noKey' });
      default:
        return success({ outcome: 'failed' });
    }
  };
}

/** Gives the PIN once, and agrees to the one credential; what the key then says goes back to the prompt. */
function oneTimeUser(pin: string | undefined, id: string): KeyUser & { readonly pinRetries: () => number | undefined } {
  let left = pin;
  let retries: number | undefined;
  return {
    askPin({ pinRetries }) {
      retries = pinRetries;
      const given = left;
      left = undefined;
      return Promise.resolve(given);
    },
    askNewPin: () => Promise.resolve(undefined),
    prefersPin: true,
    confirm: (loss) => Promise.resolve(loss.type === 'credential' && encodeHex(loss.credential.id) === id),
    tell: () => undefined,
    pinRetries: () => retries,
  };
}

async function deleteFromOnlyKey(keys: KeyAccess, id: string, user: KeyUser, signal: AbortSignal): ReturnType<typeof deleteKeyCredential> {
  const key = chooseKey(await findKeys(keys, signal), undefined);
  return key.ok ? withManagedKey(keys, key.value.id, { user, signal }, (managed) => deleteKeyCredential(managed, id)) : key;
}

/** Bounds the work by the time and by the signal. */
async function inTime<Value>(ended: AbortSignal, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const deadline = startDeadline(DEADLINE, [ended]);
  try {
    return await work(deadline.signal);
  } finally {
    deadline.end();
  }
}
