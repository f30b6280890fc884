import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { type CborMap, type CborValue, isCborArray, isCborMap } from '../../../shared/cbor/value.ts';
import type { RegistrationFacts } from '../../../shared/policy/evaluate.ts';
import { keyIdentifier } from '../../../shared/verifier/mds/key-identifier.ts';
import { judgeStatus } from '../../../shared/verifier/mds/status.ts';
import { parseAttestationObject } from '../../../shared/webauthn/attestation-object.ts';
import type { MetadataLookup } from '../../../shared/wire/metadata.ts';
import { type Certificate, parseCertificate } from '../../../shared/x509/certificate.ts';
import { equalNames } from '../../../shared/x509/name.ts';
import type { HostSession } from '../native-port.ts';

const MAX_CERTIFICATES = 8;
const U2F = 'fido-u2f';

/** Milliseconds that the host has, which itself waits ten seconds for a download at most: its files may hang. */
const LOOKUP_DEADLINE = 15_000;

/**
 * What the host's metadata says of the model that made an attestation object; `undefined` when nothing can be asked, or
 * nothing is answered in time.
 */
export async function lookUpModel(session: HostSession, attestationObject: Bytes, deadline = LOOKUP_DEADLINE): Promise<MetadataLookup | undefined> {
  const parsed = parseAttestationObject(attestationObject);
  const credential = parsed.ok ? parsed.value.authenticatorData.attestedCredentialData : undefined;
  if (!parsed.ok || credential === undefined) return undefined;
  const keyIdentifiers: string[] = [];
  for (const certificate of certificatesOf(parsed.value.attStmt)) keyIdentifiers.push(await keyIdentifier(certificate));
  // A U2F signature does not cover the AAGUID: only the certificate tells the model.
  const aaguid = parsed.value.fmt === U2F ? {} : { aaguid: encodeHex(credential.aaguid) };
  const answer = await session.request('metadata.lookup', { ...aaguid, keyIdentifiers, waits: true }, { signal: AbortSignal.timeout(deadline) });
  return answer.ok ? answer.value : undefined;
}

/** The certificates that a statement brings, as far as they can be read; nothing is verified. */
export function certificatesOf(attStmt: CborMap | readonly CborValue[]): readonly Certificate[] {
  const x5c = isCborMap(attStmt) ? attStmt.get('x5c') : undefined;
  return (x5c !== undefined && isCborArray(x5c) ? x5c : []).slice(0, MAX_CERTIFICATES).flatMap((entry): Certificate[] => {
    const certificate = entry instanceof Uint8Array ? parseCertificate(entry) : undefined;
    return certificate?.ok === true ? [certificate.value] : [];
  });
}

/** The trust anchors of a model, DER. */
export function anchorsOf(lookup: MetadataLookup | undefined): readonly Bytes[] {
  return (lookup?.entry?.anchors ?? []).flatMap((anchor) => decodeBase64url(anchor) ?? []);
}

/**
 * The metadata as the policy judges it.
 *
 * @param trustPath the certificates that the attestation brought.
 */
export function metadataFacts(lookup: MetadataLookup | undefined, now: number, trustPath: readonly Certificate[]): RegistrationFacts['metadata'] {
  if (lookup === undefined || lookup.status.state === 'none') return 'none';
  const { entry } = lookup;
  if (entry === undefined) return lookup.unusable === undefined ? 'unknown' : 'unusable';
  const path = [...trustPath, ...rootsOf(trustPath, lookup)].map(({ encoded }) => encoded);
  const status = judgeStatus(entry.statusReports, now, path);
  return { status, ...(entry.getInfo === undefined ? {} : { getInfo: entry.getInfo }) };
}

/** The anchors that the path may end at, by their names: a path brings no root, which a report may name. */
function rootsOf(trustPath: readonly Certificate[], lookup: MetadataLookup): readonly Certificate[] {
  return anchorsOf(lookup).flatMap((anchor): readonly Certificate[] => {
    const root = parseCertificate(anchor);
    return root.ok && trustPath.some(({ issuer }) => equalNames(issuer, root.value.subject)) ? [root.value] : [];
  });
}
