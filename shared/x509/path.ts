import { equalBytes } from '../bytes/bytes.ts';
import { encodeBase64url } from '../bytes/base64url.ts';
import { failure, success, type Result } from '../bytes/result.ts';
import type { SignatureScheme } from '../cose/algorithms.ts';
import { type KeySource, isValidSignature } from '../cose/signature.ts';
import { importByWebCrypto } from '../cose/web-crypto.ts';
import type { Certificate } from './certificate.ts';
import { DerTag, readWhole, tryDer } from './der.ts';
import { equalNames } from './name.ts';
import { isWithinConstraints } from './name-constraints.ts';
import { Oid } from './oid.ts';
import { RSASSA_PSS, readPssScheme } from './pss.ts';
import { materialFor } from './public-key.ts';

/** What path validation needs beside the chain. */
export interface PathOptions extends KeySource {
  /** Certificates that are trusted as they are: roots, intermediates or leaves. */
  readonly anchors: readonly Certificate[];
  /** Milliseconds since 1970; every certificate of the path must be valid then. */
  readonly now: number;
  /** Extensions (dotted object identifiers) that the caller judges: they may be critical. */
  readonly understood?: ReadonlySet<string>;
}

/** Why no path was found. `unsupported`: a signature algorithm that cannot be checked stands in the way. */
export interface PathError {
  readonly kind: 'path';
  readonly problem: 'untrusted' | 'unsupported';
  readonly detail: string;
}

/** Longest path that is followed; attestation chains have two to four certificates. */
const MAX_PATH = 8;

/** Critical extensions that are understood, or that cannot make a difference to this kind of path. */
const UNDERSTOOD: ReadonlySet<string> = /* @__PURE__ */ new Set<string>([
  Oid.keyUsage,
  Oid.subjectAltName,
  Oid.basicConstraints,
  Oid.certificatePolicies,
  Oid.extendedKeyUsage,
]);

/** Of these, the ones that are lists, and that nobody has parsed yet (RFC 5280 §4.2.1.4, §4.2.1.6, §4.2.1.12). */
const LISTS: ReadonlySet<string> = /* @__PURE__ */ new Set<string>([Oid.subjectAltName, Oid.certificatePolicies, Oid.extendedKeyUsage]);

// RFC 5758 §3.2, RFC 4055 §5, RFC 8410 §3. SHA-1 is left out: it no longer binds an issuer to what was signed.
const SCHEMES: ReadonlyMap<string, SignatureScheme> = /* @__PURE__ */ new Map<string, SignatureScheme>([
  ['1.2.840.10045.4.3.2', { name: 'ECDSA', hash: 'SHA-256' }],
  ['1.2.840.10045.4.3.3', { name: 'ECDSA', hash: 'SHA-384' }],
  ['1.2.840.10045.4.3.4', { name: 'ECDSA', hash: 'SHA-512' }],
  ['1.2.840.113549.1.1.11', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
  ['1.2.840.113549.1.1.12', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }],
  ['1.2.840.113549.1.1.13', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }],
  [Oid.ed25519, { name: 'Ed25519' }],
  [Oid.ed448, { name: 'Ed448' }],
]);

/**
 * Validates the path from a leaf certificate to a trust anchor. `chain` starts with the leaf, and each certificate is
 * followed by its issuer; what comes behind the anchor is not looked at. Nothing that `chain` brings is ever taken as
 * an anchor.
 *
 * Checked for every certificate: names, signature, validity, critical extensions. For issuers: version 3,
 * CA, keyCertSign where there is a key usage, path length, name constraints.
 * An anchor that issues must be a CA too, unless it is a self-issued root from before these extensions, or one whose key
 * usage says that it issues.
 *
 * Source: RFC 5280 §6.1, without policies and revocation.
 *
 * @returns the path from leaf to anchor.
 */
export async function validatePath(
  chain: readonly Certificate[],
  options: PathOptions,
): Promise<Result<readonly Certificate[], PathError>> {
  const { candidates, reason } = findCandidates(chain.slice(0, MAX_PATH), options);
  let failed = chain.length > MAX_PATH ? untrusted('The chain is too long.') : reason;
  // Candidates share the beginning of the chain: each link is checked once, and all links of a path at the same time.
  const links = new Map<Certificate, Map<Certificate, Promise<PathError | undefined>>>();
  const check = (certificate: Certificate, issuer: Certificate): Promise<PathError | undefined> => {
    const byIssuer = links.get(certificate) ?? new Map<Certificate, Promise<PathError | undefined>>();
    links.set(certificate, byIssuer);
    const link = byIssuer.get(issuer) ?? signatureProblem(issuer, certificate, options);
    byIssuer.set(issuer, link);
    return link;
  };
  for (const path of candidates) {
    const problems = await Promise.all(path.slice(1).map((issuer, index) => check(path[index] ?? issuer, issuer)));
    const problem = problems.find((entry) => entry !== undefined);
    if (problem === undefined) return success(path);
    failed = problem;
  }
  return failure(failed);
}

/**
 * Looks for what is wrong with a chain in itself, where no anchor is known: each certificate must be followed by its
 * issuer, which signed it. Dates and authority are not judged, nor is the signature of the last one.
 *
 * @returns `undefined` where nothing is found, which is no trust; `unsupported` where a signature cannot be checked.
 */
export async function chainProblem(chain: readonly Certificate[], keys: KeySource = {}): Promise<PathError | undefined> {
  const problems = chain.slice(1).map(async (issuer, index) => {
    const certificate = chain[index] ?? issuer;
    return namesMatch(issuer, certificate) ? signatureProblem(issuer, certificate, keys) : untrusted('A certificate is not followed by its issuer.');
  });
  const found = (await Promise.all(problems)).filter((problem) => problem !== undefined);
  return found.find(({ problem }) => problem === 'untrusted') ?? found[0];
}

/** Paths that are in order but for their signatures, shortest first; and why there are no others. */
function findCandidates(
  chain: readonly Certificate[],
  { anchors, now, understood }: PathOptions,
): { readonly candidates: readonly (readonly Certificate[])[]; readonly reason: PathError } {
  const candidates: (readonly Certificate[])[] = [];
  const path: Certificate[] = [];
  let reason = untrusted('The chain does not lead to a trust anchor.');
  for (const [index, certificate] of chain.entries()) {
    const problem = certificateProblem(certificate, now, understood);
    if (problem !== undefined) return { candidates, reason: untrusted(problem) };
    path.push(certificate);
    if (anchors.some(({ encoded }) => equalBytes(encoded, certificate.encoded))) {
      candidates.push([...path]);
      break;
    }
    for (const anchor of anchors) {
      if (!namesMatch(anchor, certificate)) continue;
      const failed = certificateProblem(anchor, now, understood) ?? authorityProblem(anchor, path, true);
      if (failed === undefined) candidates.push([...path, anchor]);
      else reason = untrusted(failed);
    }
    const next = chain[index + 1];
    if (next === undefined || !namesMatch(next, certificate)) break;
    const failed = certificateProblem(next, now, understood) ?? authorityProblem(next, path, false);
    if (failed !== undefined) return { candidates, reason: untrusted(failed) };
  }
  return { candidates, reason };
}

function isSelfIssued(certificate: Certificate): boolean {
  return namesMatch(certificate, certificate);
}

function namesMatch(issuer: Certificate, subject: Certificate): boolean {
  return equalNames(issuer.subject, subject.issuer);
}

/** Why `certificate` cannot stand anywhere in a path, if so. */
function certificateProblem(certificate: Certificate, now: number, understood: ReadonlySet<string> | undefined): string | undefined {
  if (now < certificate.notBefore) return 'A certificate is not valid yet.';
  if (now > certificate.notAfter) return 'A certificate has expired.';
  for (const [oid, { critical, value }] of certificate.extensions) {
    if (!critical || understood?.has(oid) === true) continue;
    // Name constraints are the business of issuers.
    const isKnown = UNDERSTOOD.has(oid) || (oid === Oid.nameConstraints && certificate.basicConstraints?.ca === true);
    if (!isKnown || (LISTS.has(oid) && !isList(value))) return `A certificate has the critical extension ${oid}, which is not understood.`;
  }
  return undefined;
}

/** Whether an extension is a list of one element or more, as those that are not parsed otherwise must be. */
function isList(value: Uint8Array): boolean {
  const isRead = tryDer(() => {
    const list = readWhole(value, DerTag.sequence);
    do list.readAny();
    while (list.nextTag !== undefined);
    return true;
  });
  return isRead === true;
}

/** Why `issuer` may not issue the last certificate of `path`, if so. */
function authorityProblem(issuer: Certificate, path: readonly Certificate[], isAnchor: boolean): string | undefined {
  const { basicConstraints, keyUsage } = issuer;
  // A root that is trusted counts as one where its own words are missing or contradict each other: some makers' roots do.
  const isRoot = isAnchor && isSelfIssued(issuer) && (basicConstraints === undefined || keyUsage?.keyCertSign === true);
  if (basicConstraints?.ca !== true && !isRoot) return 'An issuer is not a certification authority.';
  if (keyUsage?.keyCertSign === false) return 'An issuer may not sign certificates.';
  const constraints = issuer.extensions.get(Oid.nameConstraints);
  // Self-issued intermediates are free of them (RFC 5280 §4.2.1.10).
  const isWithin = (entry: Certificate, index: number): boolean =>
    (index > 0 && isSelfIssued(entry)) || constraints === undefined || isWithinConstraints(entry, constraints.value);
  if (!path.every(isWithin)) return 'A name is not within an issuer\'s name constraints.';
  // Issuers below this one, self-issued ones not counted (RFC 5280 §4.2.1.9).
  const below = path.slice(1).filter((entry) => !isSelfIssued(entry)).length;
  const limit = basicConstraints?.pathLength;
  return limit !== undefined && below > limit ? 'The path is longer than an issuer allows.' : undefined;
}

async function signatureProblem(
  issuer: Certificate,
  { signatureAlgorithm, signature, tbsCertificate }: Certificate,
  { importKey = importByWebCrypto, keyCache }: KeySource,
): Promise<PathError | undefined> {
  const { oid, parameters } = signatureAlgorithm;
  const scheme = oid === RSASSA_PSS ? readPssScheme(parameters) : SCHEMES.get(oid);
  if (scheme === undefined) {
    return { kind: 'path', problem: 'unsupported', detail: `The signature algorithm ${oid} cannot be checked.` };
  }
  if (issuer.publicKey.known === undefined) {
    return { kind: 'path', problem: 'unsupported', detail: 'An issuer\'s key is of a kind that cannot be used.' };
  }
  const material = materialFor(issuer.publicKey, scheme);
  if (material === undefined || !hasExpectedParameters(scheme, parameters)) {
    return untrusted('A signature algorithm does not fit the issuer\'s key.');
  }
  const id = keyCache === undefined ? '' : `${JSON.stringify(scheme)} ${encodeBase64url(issuer.publicKey.spki)}`;
  let key = keyCache?.get(id);
  if (key === undefined) {
    const imported = await importKey(material, scheme);
    if (!imported.ok) {
      return imported.error === 'unsupported'
        ? { kind: 'path', problem: 'unsupported', detail: `This platform has no ${scheme.name}.` }
        : untrusted('An issuer\'s key is not valid.');
    }
    key = imported.value;
    keyCache?.set(id, key);
  }
  return (await isValidSignature(key, signature, tbsCertificate)) ? undefined : untrusted('A certificate\'s signature is wrong.');
}

/** RFC 4055 §5 wants NULL with RSA (some leave it out); RFC 5758 §3.2 and RFC 8410 §3 want nothing with the others. */
function hasExpectedParameters(scheme: SignatureScheme, parameters: Uint8Array | undefined): boolean {
  // Those of RSASSA-PSS were read: the scheme was made of them.
  if (parameters === undefined || scheme.name === 'RSA-PSS') return true;
  return scheme.name === 'RSASSA-PKCS1-v1_5' && equalBytes(parameters, Uint8Array.of(0x05, 0x00));
}

function untrusted(detail: string): PathError {
  return { kind: 'path', problem: 'untrusted', detail };
}
