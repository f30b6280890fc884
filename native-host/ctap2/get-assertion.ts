import type { Bytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { type CborMap, isCborMap } from '../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { parameterMap, sendCommand } from './command.ts';
import { type CredentialDescriptor, type PinUvAuth, encodeCredentialList, nonEmptyMap } from './credential.ts';
import { type CommandError, type CommandName, malformedResponse } from './errors.ts';
import {
  MIN_AUTHENTICATOR_DATA_LENGTH,
  booleanMember,
  bytesMember,
  countMember,
  mapMember,
  textMember,
} from './members.ts';

/** Parameters of authenticatorGetAssertion. */
export interface GetAssertionParams {
  readonly rpId: string;
  /** SHA-256 of the client data, 32 bytes. */
  readonly clientDataHash: Bytes;
  /** Left out (or empty): discoverable credentials. */
  readonly allowList?: readonly CredentialDescriptor[];
  /** Extension inputs in their CBOR form. */
  readonly extensions?: CborMap;
  /** `up: false` asks without a touch; `uv` asks for the key's own user verification, never together with `pinUvAuth`. */
  readonly options?: { readonly up?: boolean; readonly uv?: boolean };
  readonly pinUvAuth?: PinUvAuth;
}

/** The account of a discoverable credential; keys tell the names only after user verification and only if there are several. */
export interface AssertionUser {
  readonly id: Bytes;
  readonly name?: string;
  readonly displayName?: string;
}

/** Response of authenticatorGetAssertion and authenticatorGetNextAssertion. */
export interface AssertionResponse {
  /** CTAP 2.0 keys may leave it out when the allow list had one entry: then it is that one. */
  readonly credential?: { readonly id: Bytes; readonly type: 'public-key' };
  /** Authenticator data, byte for byte as the key sent and signed it. */
  readonly authData: Bytes;
  readonly signature: Bytes;
  readonly user?: AssertionUser;
  /** How many assertions there are in all; the others come by getNextAssertion. */
  readonly numberOfCredentials?: number;
  /** The user chose this credential on the key itself. */
  readonly userSelected: boolean;
  readonly largeBlobKey?: Bytes;
  readonly unsignedExtensionOutputs?: CborMap;
}

/**
 * Asks for an assertion. The key waits for a touch, unless `options.up` is false.
 *
 * Source: CTAP 2.2 §6.2 authenticatorGetAssertion.
 */
export async function getAssertion(
  device: Device,
  params: GetAssertionParams,
  options: CallOptions,
): Promise<Result<AssertionResponse, CommandError>> {
  const response = await sendCommand(device, 'getAssertion', encodeGetAssertion(params), options);
  return response.ok ? decodeAssertion('getAssertion', response.value) : response;
}

/** The request's parameter map (CTAP 2.2 §6.2, input parameters). */
export function encodeGetAssertion(params: GetAssertionParams): CborMap {
  return parameterMap(
    [0x01, params.rpId],
    [0x02, params.clientDataHash],
    [0x03, encodeCredentialList(params.allowList)],
    [0x04, nonEmptyMap(params.extensions)],
    [0x05, nonEmptyMap(parameterMap(['up', params.options?.up], ['uv', params.options?.uv]))],
    [0x06, params.pinUvAuth?.param],
    [0x07, params.pinUvAuth?.protocol],
  );
}

/** Decodes the response that getAssertion and getNextAssertion share (CTAP 2.2 §6.2, response structure). */
export function decodeAssertion(command: CommandName, map: CborMap): Result<AssertionResponse, CommandError> {
  const broken = (detail: string): Result<never, CommandError> => failure(malformedResponse(command, detail));
  const authData = bytesMember(map, 0x02);
  const signature = bytesMember(map, 0x03);
  if (authData === undefined || authData.length < MIN_AUTHENTICATOR_DATA_LENGTH) {
    return broken('authData is missing or too short.');
  }
  if (signature === undefined || signature.length === 0) return broken('signature is missing or empty.');
  const credential = decodeCredential(map);
  if (credential === 'broken') return broken('credential is not a descriptor.');
  const user = decodeUser(map);
  if (user === 'broken') return broken('user is not a user entity.');
  const numberOfCredentials = countMember(map, 0x05);
  const largeBlobKey = bytesMember(map, 0x07);
  const unsignedExtensionOutputs = mapMember(map, 0x08);
  return success({
    ...(credential === undefined ? {} : { credential }),
    authData,
    signature,
    ...(user === undefined ? {} : { user }),
    ...(numberOfCredentials === undefined ? {} : { numberOfCredentials }),
    userSelected: booleanMember(map, 0x06) ?? false,
    ...(largeBlobKey === undefined ? {} : { largeBlobKey }),
    ...(unsignedExtensionOutputs === undefined ? {} : { unsignedExtensionOutputs }),
  });
}

function decodeCredential(map: CborMap): AssertionResponse['credential'] | 'broken' {
  const descriptor = map.get(0x01);
  if (descriptor === undefined) return undefined;
  const id = isCborMap(descriptor) ? bytesMember(descriptor, 'id') : undefined;
  return id === undefined || id.length === 0 ? 'broken' : { id, type: 'public-key' };
}

/** An account without its id says nothing: it counts as left out. */
function decodeUser(map: CborMap): AssertionUser | 'broken' | undefined {
  const entity = map.get(0x04);
  if (entity === undefined) return undefined;
  if (!isCborMap(entity)) return 'broken';
  const id = bytesMember(entity, 'id');
  if (id === undefined) return undefined;
  const name = textMember(entity, 'name');
  const displayName = textMember(entity, 'displayName');
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}
