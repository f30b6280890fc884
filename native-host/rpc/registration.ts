import { encodeBase64url, decodeBase64url } from '../../shared/bytes/base64url.ts';
import { success } from '../../shared/bytes/result.ts';
import type { ParamsOf } from '../../shared/wire/hop.ts';
import type { NativeHop } from '../../shared/wire/native.ts';
import type { RegistrationRequest } from '../ceremony/request.ts';
import type { MetadataStore } from '../metadata/metadata-store.ts';
import { decodeCredentialIds, decodeHash } from './decode.ts';
import { decodeRegistrationExtensions, encodeRegistrationOutputs } from './extensions.ts';
import type { LiveCeremonies } from './live-ceremonies.ts';
import { type HostHandlers, wireFailure } from './wire-error.ts';

/**
 * `registration.start`: makes a credential. Its events tell the prompt what is going on. The metadata, which may be asked
 * for at its end, is loaded (and fetched, where an update is due) while the person reaches for the key.
 */
export function registrationHandler(ceremonies: LiveCeremonies, metadata: Pick<MetadataStore, 'status'>): HostHandlers['registration.start'] {
  return async (params, context) => {
    const request = decodeRequest(params);
    if (request === undefined) return wireFailure('invalidParams', 'A byte string has the wrong length or form.');
    void metadata.status();
    const outcome = await ceremonies.run(context.id, request, {
      promptVisible: params.promptVisible,
      onState: (data) => context.emit({ event: 'ceremony.state', data }),
      signal: context.signal,
    });
    if (outcome === undefined) return wireFailure('notExpected', 'Another ceremony is running.');
    if (!outcome.ok) return wireFailure(outcome.error.reason, outcome.error.message);
    if (outcome.value.kind !== 'registration') return wireFailure('internal', 'The ceremony ended as another kind.');
    const { attestationObject, transports, discoverable, enterpriseAttestation, extensions } = outcome.value;
    return success({
      attestationObject: encodeBase64url(attestationObject),
      transports: [...transports],
      ...(discoverable === undefined ? {} : { discoverable }),
      ...(enterpriseAttestation ? { enterpriseAttestation } : {}),
      extensions: encodeRegistrationOutputs(extensions),
    });
  };
}

function decodeRequest(params: ParamsOf<NativeHop, 'registration.start'>): RegistrationRequest | undefined {
  const clientDataHash = decodeHash(params.clientDataHash);
  const userId = decodeBase64url(params.user.id);
  const excludeList = decodeCredentialIds(params.excludeCredentials);
  const extensions = decodeRegistrationExtensions(params.extensions);
  if (clientDataHash === undefined || excludeList === undefined || extensions === undefined) return undefined;
  // WebAuthn L3 §5.4.3: the user handle has 1 to 64 bytes.
  if (userId === undefined || userId.length > 64) return undefined;
  return {
    kind: 'registration',
    clientDataHash,
    rpId: params.rp.id,
    rpName: params.rp.name,
    user: { id: userId, name: params.user.name, displayName: params.user.displayName },
    algorithms: params.algorithms,
    excludeList,
    residentKey: params.residentKey,
    userVerification: params.userVerification,
    extensions,
    ...(params.requirements === undefined ? {} : { requirements: params.requirements }),
    ...(params.enterpriseAttestation === undefined ? {} : { enterpriseAttestation: params.enterpriseAttestation }),
    ...(params.attestationFormats === undefined ? {} : { attestationFormats: params.attestationFormats }),
    timeout: params.timeout,
  };
}
