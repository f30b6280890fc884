import { type Bytes, concatBytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { decodeCbor, decodeCborKnown, encodeCbor } from '../../shared/cbor/codec.ts';
import { type CborMap, type CborValue, isCborMap } from '../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { CommandCode, type CommandError, type CommandName, ctapError, malformedResponse } from './errors.ts';
import { CtapStatus } from './status.ts';

/**
 * Encodes a request: the command byte, and the parameters in canonical CBOR where there are any.
 *
 * Source: CTAP 2.2 §8.1 "Commands".
 */
export function encodeCommand(command: CommandName, parameters?: CborMap): Bytes {
  const code = Uint8Array.of(CommandCode[command]);
  return parameters === undefined ? code : concatBytes(code, encodeCbor(parameters));
}

/**
 * Decodes a response: the status byte, and behind it a map where the command has one. CBOR that is well-formed but not
 * canonical is taken, as real keys send it; a response without data is an empty map. What a key says of itself may have
 * members of any kind, now or some day: those that cannot be read are left out.
 */
export function decodeResponse(command: CommandName, response: Uint8Array): Result<CborMap, CommandError> {
  const status = response[0];
  if (status === undefined) return failure(malformedResponse(command, 'The response is empty.'));
  if (status !== CtapStatus.success) return failure(ctapError(command, status));
  if (response.length === 1) return success(new Map());
  const decoded = command === 'getInfo' ? decodeCborKnown(response.subarray(1)) : decodeValue(response.subarray(1));
  if (!decoded.ok) return failure(malformedResponse(command, decoded.error.message));
  const { value } = decoded;
  return isCborMap(value) ? success(value) : failure(malformedResponse(command, 'The response is not a map.'));
}

function decodeValue(bytes: Uint8Array): ReturnType<typeof decodeCborKnown> {
  const decoded = decodeCbor(bytes);
  return decoded.ok ? success(decoded.value.value) : decoded;
}

/** Sends one command and returns the response's map, its members not yet looked at. */
export async function sendCommand(
  device: Device,
  command: CommandName,
  parameters: CborMap | undefined,
  options: CallOptions,
): Promise<Result<CborMap, CommandError>> {
  const response = await device.call(encodeCommand(command, parameters), options);
  return response.ok ? decodeResponse(command, response.value) : response;
}

/** A map of the members that are there: an absent parameter is left out, never sent as `undefined`. */
export function parameterMap(
  ...members: readonly (readonly [key: number | string, value: CborValue])[]
): CborMap {
  return new Map(members.filter(([, value]) => value !== undefined));
}
