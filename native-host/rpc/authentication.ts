import { encodeBase64url } from '../../shared/bytes/base64url.ts';
import { success } from '../../shared/bytes/result.ts';
import type { ParamsOf } from '../../shared/wire/hop.ts';
import type { NativeHop } from '../../shared/wire/native.ts';
import type { AuthenticationRequest } from '../ceremony/request.ts';
import { decodeCredentialIds, decodeHash } from './decode.ts';
import { decodeAuthenticationExtensions, encodeAuthenticationOutputs } from './extensions.ts';
import type { LiveCeremonies } from './live-ceremonies.ts';
import { type HostHandlers, wireFailure } from './wire-error.ts';

/** `authentication.start`: lets a credential sign. Its events tell the prompt what is going on. */
export function authenticationHandler(ceremonies: LiveCeremonies): HostHandlers['authentication.start'] {
  return async (params, context) => {
    const request = decodeRequest(params);
    if (request === undefined) return wireFailure('invalidParams', 'A byte string has the wrong length or form.');
    const outcome = await ceremonies.run(context.id, request, {
      promptVisible: params.promptVisible,
      onState: (data) => context.emit({ event: 'ceremony.state', data }),
      signal: context.signal,
    });
    if (outcome === undefined) return wireFailure('notExpected', 'Another ceremony is running.');
    if (!outcome.ok) return wireFailure(outcome.error.reason, outcome.error.message);
    if (outcome.value.kind !== 'authentication') return wireFailure('internal', 'The ceremony ended as another kind.');
    const { credentialId, authenticatorData, signature, userHandle, extensions } = outcome.value;
    return success({
      credentialId: encodeBase64url(credentialId),
      authenticatorData: encodeBase64url(authenticatorData),
      signature: encodeBase64url(signature),
      ...(userHandle === undefined ? {} : { userHandle: encodeBase64url(userHandle) }),
      extensions: encodeAuthenticationOutputs(extensions),
    });
  };
}

function decodeRequest(params: ParamsOf<NativeHop, 'authentication.start'>): AuthenticationRequest | undefined {
  const clientDataHash = decodeHash(params.clientDataHash);
  const allowList = decodeCredentialIds(params.allowCredentials);
  const extensions = decodeAuthenticationExtensions(params.extensions);
  if (clientDataHash === undefined || allowList === undefined || extensions === undefined) return undefined;
  return {
    kind: 'authentication',
    clientDataHash,
    rpId: params.rpId,
    allowList,
    userVerification: params.userVerification,
    extensions,
    ...(params.requirements === undefined ? {} : { requirements: params.requirements }),
    timeout: params.timeout,
  };
}
