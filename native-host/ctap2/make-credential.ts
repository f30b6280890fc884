import type { Bytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { encodeCbor } from '../../shared/cbor/codec.ts';
import { type CborMap, type CborValue, isCborMap } from '../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { parameterMap, sendCommand } from './command.ts';
import { type CredentialDescriptor, type PinUvAuth, encodeCredentialList, nonEmptyMap } from './credential.ts';
import { type CommandError, malformedResponse } from './errors.ts';
import { MIN_AUTHENTICATOR_DATA_LENGTH, booleanMember, bytesMember, mapMember, textMember } from './members.ts';

/** Parameters of authenticatorMakeCredential. */
export interface MakeCredentialParams {
  /** SHA-256 of the client data, 32 bytes. */
  readonly clientDataHash: Bytes;
  readonly rp: { readonly id: string; readonly name: string };
  readonly user: { readonly id: Bytes; readonly name: string; readonly displayName: string };
  /** In the order of preference; `alg` is a COSE identifier. */
  readonly pubKeyCredParams: readonly { readonly alg: number; readonly type: 'public-key' }[];
  readonly excludeList?: readonly CredentialDescriptor[];
  /** Extension inputs in their CBOR form. */
  readonly extensions?: CborMap;
  /** `uv` asks for the key's own user verification; it never goes together with `pinUvAuth`. */
  readonly options?: { readonly rk?: boolean; readonly uv?: boolean };
  readonly pinUvAuth?: PinUvAuth;
  /** 1: the key decides by its own list of RP IDs; 2: the platform vouches for the RP ID. */
  readonly enterpriseAttestation?: 1 | 2;
  /** Attestation formats in the order of preference (CTAP 2.2). */
  readonly attestationFormatsPreference?: readonly string[];
}

/** Response of authenticatorMakeCredential. */
export interface MakeCredentialResponse {
  readonly fmt: string;
  /** Authenticator data, byte for byte as the key sent and signed it. */
  readonly authData: Bytes;
  /** A map; for format `compound` an array. */
  readonly attStmt: CborValue;
  /** The three members above as WebAuthn's attestation object: a canonical map of `fmt`, `attStmt`, `authData`. */
  readonly attestationObject: Bytes;
  /** The attestation is an enterprise attestation. */
  readonly epAtt: boolean;
  readonly largeBlobKey?: Bytes;
  readonly unsignedExtensionOutputs?: CborMap;
}

/**
 * Makes a credential. The key waits for a touch.
 *
 * Source: CTAP 2.2 §6.1 authenticatorMakeCredential; WebAuthn L3 §6.5.4 (attestation object).
 */
export async function makeCredential(
  device: Device,
  params: MakeCredentialParams,
  options: CallOptions,
): Promise<Result<MakeCredentialResponse, CommandError>> {
  const response = await sendCommand(device, 'makeCredential', encodeMakeCredential(params), options);
  return response.ok ? decodeMakeCredential(response.value) : response;
}

/** The request's parameter map (CTAP 2.2 §6.1, input parameters). */
export function encodeMakeCredential(params: MakeCredentialParams): CborMap {
  const { rp, user, pubKeyCredParams, pinUvAuth } = params;
  return parameterMap(
    [0x01, params.clientDataHash],
    [0x02, parameterMap(['id', rp.id], ['name', rp.name])],
    [0x03, encodeUser(user)],
    [0x04, pubKeyCredParams.map(({ alg, type }) => parameterMap(['alg', alg], ['type', type]))],
    [0x05, encodeCredentialList(params.excludeList)],
    [0x06, nonEmptyMap(params.extensions)],
    [0x07, nonEmptyMap(parameterMap(['rk', params.options?.rk], ['uv', params.options?.uv]))],
    [0x08, pinUvAuth?.param],
    [0x09, pinUvAuth?.protocol],
    [0x0a, params.enterpriseAttestation],
    [0x0b, params.attestationFormatsPreference],
  );
}

/** Some keys refuse an empty display name by its length; all can do without one. */
function encodeUser({ id, name, displayName }: MakeCredentialParams['user']): CborMap {
  return parameterMap(['id', id], ['name', name], ['displayName', displayName === '' ? undefined : displayName]);
}

function decodeMakeCredential(map: CborMap): Result<MakeCredentialResponse, CommandError> {
  const fmt = textMember(map, 0x01);
  const authData = bytesMember(map, 0x02);
  if (fmt === undefined) return broken('fmt is missing or not a text.');
  if (authData === undefined || authData.length < MIN_AUTHENTICATOR_DATA_LENGTH) {
    return broken('authData is missing or too short.');
  }
  // CTAP 2.2 lets a key leave the statement out where there is nothing to state.
  const attStmt = map.get(0x03) ?? (fmt === 'none' ? new Map() : undefined);
  if (attStmt === undefined || (!isCborMap(attStmt) && !Array.isArray(attStmt))) {
    return broken('attStmt is missing or neither a map nor an array.');
  }
  const largeBlobKey = bytesMember(map, 0x05);
  const unsignedExtensionOutputs = mapMember(map, 0x06);
  return success({
    fmt,
    authData,
    attStmt,
    attestationObject: encodeCbor(parameterMap(['fmt', fmt], ['attStmt', attStmt], ['authData', authData])),
    epAtt: booleanMember(map, 0x04) ?? false,
    ...(largeBlobKey === undefined ? {} : { largeBlobKey }),
    ...(unsignedExtensionOutputs === undefined ? {} : { unsignedExtensionOutputs }),
  });
}

function broken(detail: string): Result<never, CommandError> {
  return failure(malformedResponse('makeCredential', detail));
}
