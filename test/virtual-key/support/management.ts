import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import { authenticate } from './pin-platform.ts';
import { type Answer, type Members, parameters, type Platform } from './platform.ts';

/** Gets a token with these permissions, bound to an RP ID if one is given. */
export async function tokenFor(platform: Platform, pin: string, permissions: number, rpId?: string): Promise<Bytes> {
  return (await platform.requestToken({ 2: 9, 9: permissions, 10: rpId }, pin)).token;
}

/** authenticatorCredentialManagement, proven with the token if there is one. */
export async function manageCredentials(
  platform: Platform,
  token: Bytes | undefined,
  subcommand: number,
  members?: CborMap,
  code = 0x0a,
): Promise<Answer> {
  const proof = await prove(token, Uint8Array.of(subcommand), members);
  return await platform.send(code, parameters({ 1: subcommand, 2: members, 3: proof && 2, 4: proof }));
}

/** authenticatorBioEnrollment for fingerprints. */
export async function manageFingerprints(
  platform: Platform,
  token: Bytes | undefined,
  subcommand: number,
  members?: CborMap,
  code = 0x09,
): Promise<Answer> {
  const proof = await prove(token, Uint8Array.of(1, subcommand), members);
  return await platform.send(code, parameters({ 1: 1, 2: subcommand, 3: members, 4: proof && 2, 5: proof }));
}

/** authenticatorConfig. */
export async function configure(platform: Platform, token: Bytes | undefined, subcommand: number, members?: Members): Promise<Answer> {
  const map = members === undefined ? undefined : parameters(members);
  const proof = await prove(token, concatBytes(new Uint8Array(32).fill(0xff), Uint8Array.of(0x0d, subcommand)), map);
  return await platform.send(0x0d, parameters({ 1: subcommand, 2: map, 3: proof && 2, 4: proof }));
}

async function prove(token: Bytes | undefined, prefix: Bytes, members: CborMap | undefined): Promise<Bytes | undefined> {
  if (token === undefined) return undefined;
  const encoded = members === undefined ? new Uint8Array() : encodeCbor(members);
  return await authenticate(2, token, concatBytes(prefix, encoded));
}
