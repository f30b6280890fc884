import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { verifyMetadataBlob } from '../../shared/verifier/mds/blob.ts';
import { parseCertificate } from '../../shared/x509/certificate.ts';
import { summarise, type Summary } from './statistics.ts';

/** What loading FIDO metadata costs. Milliseconds; `lookup` microseconds. */
export interface MetadataTimes {
  /** Characters of the BLOB. */
  readonly size: number;
  /** The least that it takes: the RSA signature, a hash and JSON.parse, each once over the whole. */
  readonly raw: Summary;
  /** Verified with its chain, and indexed. */
  readonly verified: Summary;
  readonly lookup: Summary;
  /** Of models that the BLOB does not have. */
  readonly lookupUnknown: Summary;
}

const ROUNDS = 9;
const LOOKUPS = 500;
/** A time at which the BLOB's certificates are valid. */
const AT = Date.UTC(2024, 0, 1);
const DATA = path.resolve(import.meta.dirname, '../../../shared/data/mds');
const BLOB = path.join(DATA, 'mds-blob-31.jwt');
const ROOT = path.join(DATA, 'globalsign-root-r3.der');

/** Measures the real BLOB beside the checkout; without one, says so. */
export async function measureMetadata(): Promise<MetadataTimes | string> {
  if (!existsSync(BLOB) || !existsSync(ROOT)) return 'not measured: there is no BLOB in ../shared/data/mds';
  const text = readFileSync(BLOB, 'latin1');
  const root = parseCertificate(readFileSync(ROOT));
  if (!root.ok) throw new Error(root.error.detail);
  const payload = text.split('.')[1] ?? '';
  const { entries } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { entries: { aaguid?: string }[] };
  const models = entries.flatMap(({ aaguid }) => aaguid?.replaceAll('-', '') ?? []);
  const times = { raw: [] as number[], verified: [] as number[], lookup: [] as number[], lookupUnknown: [] as number[] };
  // One round more, whose times do not count: the engine warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    let started = performance.now();
    loadRaw(text);
    const raw = performance.now() - started;
    started = performance.now();
    const verified = await verifyMetadataBlob(text, { anchors: [root.value], now: AT });
    const ours = performance.now() - started;
    if (!verified.ok) throw new Error(verified.error.detail);
    const { index } = verified.value;
    const lookUp = (aaguids: readonly string[]): number => {
      const began = performance.now();
      for (let turn = 0; turn < LOOKUPS; turn += 1) index.find({ aaguid: aaguids[turn % aaguids.length] ?? '' });
      return ((performance.now() - began) * 1000) / LOOKUPS;
    };
    const found = lookUp(models);
    const unknown = lookUp(['f'.repeat(32)]);
    if (round === 0) continue;
    times.raw.push(raw);
    times.verified.push(ours);
    times.lookup.push(found);
    times.lookupUnknown.push(unknown);
  }
  const { raw, verified, lookup, lookupUnknown } = times;
  return { size: text.length, raw: summarise(raw), verified: summarise(verified), lookup: summarise(lookup), lookupUnknown: summarise(lookupUnknown) };
}

/** The signature, one hash of the whole, and the payload parsed: what no reader of a BLOB can do without. */
function loadRaw(text: string): void {
  const [header = '', payload = '', signature = ''] = text.split('.');
  const { x5c } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { x5c: string[] };
  const signer = new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64'));
  const signed = `${header}.${payload}`;
  const isValid = verify('SHA256', Buffer.from(signed), createPublicKey(signer.publicKey.export({ format: 'pem', type: 'spki' })), Buffer.from(signature, 'base64url'));
  createHash('sha256').update(text).digest();
  JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (!isValid) throw new Error('The BLOB of the measurement has no valid signature.');
}

/** Lines for people. */
export function formatMetadata(measured: MetadataTimes | string): readonly string[] {
  if (typeof measured === 'string') return [`  ${measured}`];
  const { size, raw, verified, lookup, lookupUnknown } = measured;
  return [
    `  RSA verify + SHA-256 + JSON.parse            ${raw.median.toFixed(1)} ms (${(size / 1e6).toFixed(1)} MB)`,
    `  verified and indexed                         ${verified.median.toFixed(1)} ms, ${(verified.median / raw.median).toFixed(2)}`,
    `  look-up                                      ${lookup.median.toFixed(1)} µs, of an unknown model ${lookupUnknown.median.toFixed(2)} µs`,
  ];
}
