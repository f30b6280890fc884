import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { encodeBase64url } from '../../../../shared/bytes/base64url.ts';
import { verifyMetadataBlob } from '../../../../shared/verifier/mds/blob.ts';
import { judgeStatus } from '../../../../shared/verifier/mds/status.ts';
import { type CertificateSpec, type KeyPair, certificate, basicConstraints, newKeyPair } from '../../x509/certificate-builder.ts';
import { AAGUID, NOW, ROOT, SIGNER_NAME, blob, entry, parsed, payload, signerCertificate, signerKey } from './fixture.ts';

const OPTIONS = { anchors: [ROOT], now: NOW, signerName: SIGNER_NAME };
const DATA = path.resolve(import.meta.dirname, '../../../../../shared/data/mds');
const read = (name: string): string => readFileSync(path.join(DATA, name), 'latin1');
const anchor = (name: string): ReturnType<typeof parsed> => parsed(readFileSync(path.join(DATA, name)));

describe('verifyMetadataBlob', () => {
  it('verifies and finds an entry by AAGUID', async () => {
    const verified = await verifyMetadataBlob(blob(), OPTIONS);
    if (!verified.ok) throw new Error(verified.error.detail);
    expect(verified.value.no).toBe(7);
    expect(verified.value.nextUpdate).toBe(Date.UTC(2026, 11, 1));
    expect(verified.value.index.find({ aaguid: AAGUID.replaceAll('-', '') })).toMatchObject({
      ok: true,
      value: { description: 'Test key', protocolFamily: 'fido2', getInfo: { options: { rk: true } }, userVerificationMethods: ['passcode_external'] },
    });
    expect(verified.value.index.find({ aaguid: '0'.repeat(32) })).toMatchObject({ ok: false, error: { problem: 'unknown' } });
  });

  it('is valid after nextUpdate: it is stale then, which the caller judges', async () => {
    expect(await verifyMetadataBlob(blob({ payload: payload({ nextUpdate: '2020-01-01' }) }), OPTIONS)).toMatchObject({ ok: true });
  });

  it.each([
    [8, false],
    [7, true],
    [6, true],
  ])('with %i as the last number, is taken: %s', async (previousNo, ok) => {
    expect((await verifyMetadataBlob(blob(), { ...OPTIONS, previousNo })).ok).toBe(ok);
  });

  it('refuses a signer that the root issued for another name', async () => {
    const other = await verifyMetadataBlob(blob({ certificate: signerCertificate('shop.example.org') }), OPTIONS);
    expect(other).toMatchObject({ ok: false, error: { problem: 'untrusted' } });
  });

  it('compares names of signers as DNS does, without regard to case', async () => {
    expect(await verifyMetadataBlob(blob(), { ...OPTIONS, signerName: SIGNER_NAME.toUpperCase() })).toMatchObject({ ok: true });
  });

  it('refuses a chain that ends in a root of its own', async () => {
    const own = certificate({
      subject: [['2.5.4.3', 'Metadata root']],
      issuer: [['2.5.4.3', 'Metadata root']],
      key: signerKey,
      issuerKey: signerKey,
      extensions: [basicConstraints(true)],
    });
    expect(await verifyMetadataBlob(blob({ certificate: own }), { anchors: [ROOT], now: NOW })).toMatchObject({ ok: false, error: { problem: 'untrusted' } });
  });

  // As the FIDO Alliance's since September 2026: signed under Root R46, with R46 as Root R3 has certified it behind.
  it('takes the new root and the old one while the new one is certified by the old one', async () => {
    const [oldKey, newKey, issuerKey] = [newKeyPair(), newKeyPair(), newKeyPair()];
    const named = (name: string): CertificateSpec['subject'] => [['2.5.4.3', name]];
    const authority = (subject: string, key: KeyPair, issuer: string, signedBy: KeyPair): Uint8Array =>
      certificate({ subject: named(subject), key, issuer: named(issuer), issuerKey: signedBy, extensions: [basicConstraints(true)] });
    const oldRoot = parsed(authority('Old root', oldKey, 'Old root', oldKey));
    const newRoot = parsed(authority('New root', newKey, 'New root', newKey));
    const chain = [
      signerCertificate(SIGNER_NAME, { issuer: named('Issuer'), issuerKey }),
      authority('Issuer', issuerKey, 'New root', newKey),
      authority('New root', newKey, 'Old root', oldKey),
    ];
    const text = blob({ header: { x5c: chain.map((each) => Buffer.from(each).toString('base64')) } });
    for (const anchors of [[newRoot], [oldRoot], [newRoot, oldRoot]]) expect(await verifyMetadataBlob(text, { ...OPTIONS, anchors })).toMatchObject({ ok: true });
    expect(await verifyMetadataBlob(text, OPTIONS)).toMatchObject({ ok: false, error: { problem: 'untrusted' } });
  });

  it('refuses certificates that are not valid at the time', async () => {
    expect(await verifyMetadataBlob(blob(), { ...OPTIONS, now: Date.UTC(1990, 1, 1) })).toMatchObject({ ok: false, error: { problem: 'untrusted' } });
  });

  it('refuses a certificate for another key than the one that signed', async () => {
    const other = signerCertificate(SIGNER_NAME, { key: newKeyPair() });
    expect(await verifyMetadataBlob(blob({ certificate: other }), OPTIONS)).toMatchObject({ ok: false, error: { problem: 'signature' } });
  });

  it.each([['none'], ['HS256'], ['RS256'], ['ES384'], ['toString'], [7], [undefined]])('refuses the algorithm %s', async (alg) => {
    expect((await verifyMetadataBlob(blob({ header: { alg } }), OPTIONS)).ok).toBe(false);
  });

  it.each([
    ['crit', { crit: ['exp'] }],
    ['no x5c', { x5c: undefined, x5u: 'https://example.org/chain.pem' }],
    ['an empty x5c', { x5c: [] }],
    ['a broken certificate', { x5c: ['AAAA'] }],
  ])('refuses a header with %s', async (_what, header) => {
    expect(await verifyMetadataBlob(blob({ header }), OPTIONS)).toMatchObject({ ok: false, error: { problem: 'malformed' } });
  });

  it.each([[''], ['a.b'], ['a.b.c'], ['a.b.c.d'], ['..'], ['{}']])('refuses the text "%s"', async (text) => {
    expect((await verifyMetadataBlob(text, OPTIONS)).ok).toBe(false);
  });

  it('refuses every change of a single character', async () => {
    const text = blob();
    for (let index = 0; index < text.length; index += 7) {
      const changed = `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`;
      expect((await verifyMetadataBlob(changed, OPTIONS)).ok, index.toString()).toBe(false);
    }
  });

  it.each([
    ['no number', { no: 'x' }],
    ['a negative number', { no: -1 }],
    ['no date', { nextUpdate: 'tomorrow' }],
    ['entries that are no list', { entries: {} }],
  ])('refuses a signed content with %s', async (_what, changes) => {
    expect(await verifyMetadataBlob(blob({ payload: payload(changes) }), OPTIONS)).toMatchObject({ ok: false, error: { problem: 'malformed' } });
  });

  it('lives with entries that are nothing of the kind', async () => {
    const verified = await verifyMetadataBlob(blob({ payload: payload({ entries: [null, 7, [], entry({ statusReports: 'none' })] }) }), OPTIONS);
    if (!verified.ok) throw new Error(verified.error.detail);
    expect(verified.value.index.find({ aaguid: AAGUID.replaceAll('-', '') })).toMatchObject({ ok: false, error: { problem: 'unusable' } });
  });

  it.each([
    ['a long description', { description: 'x'.repeat(2000) }],
    ['an icon that is no text', { icon: { light: 'x' } }],
    ['user verification in another form', { userVerificationDetails: [[null], {}] }],
  ])('lives with %s: nothing depends on it', async (_what, changes) => {
    const { metadataStatement } = entry();
    const verified = await verifyMetadataBlob(blob({ payload: payload({ entries: [entry({ metadataStatement: { ...(metadataStatement as object), ...changes } })] }) }), OPTIONS);
    if (!verified.ok) throw new Error(verified.error.detail);
    expect(verified.value.index.find({ aaguid: AAGUID.replaceAll('-', '') })).toMatchObject({ ok: true, value: { protocolFamily: 'fido2', getInfo: { options: { rk: true } } } });
  });

  it('lets no odd member of a report keep it from counting, nor one odd root the others', async () => {
    const root = Buffer.from(ROOT.encoded).toString('base64');
    const { metadataStatement } = entry();
    const statusReports = [
      { status: 'REVOKED', effectiveDate: null, certificate: '-----BEGIN CERTIFICATE-----', url: 7 },
      { status: 'FIDO_CERTIFIED_L1', effectiveDate: null },
    ];
    const odd = entry({ statusReports, metadataStatement: { ...(metadataStatement as object), attestationRootCertificates: ['?', null, root] } });
    const verified = await verifyMetadataBlob(blob({ payload: payload({ entries: [odd] }) }), OPTIONS);
    const found = verified.ok ? verified.value.index.find({ aaguid: AAGUID.replaceAll('-', '') }) : undefined;
    if (found?.ok !== true) throw new Error(found?.error.detail);
    expect(found.value.anchors).toEqual([encodeBase64url(ROOT.encoded)]);
    expect(judgeStatus(found.value.statusReports, NOW)).toEqual({ denied: ['REVOKED'], notices: [] });
    expect(judgeStatus(found.value.statusReports.slice(1), NOW).certification).toBeUndefined();
  });

  it('counts the reports of two entries for one model together', async () => {
    const entries = [entry(), entry({ statusReports: [{ status: 'REVOKED', effectiveDate: '2025-01-01' }] })];
    const verified = await verifyMetadataBlob(blob({ payload: payload({ entries }) }), OPTIONS);
    if (!verified.ok) throw new Error(verified.error.detail);
    const found = verified.value.index.find({ aaguid: AAGUID.replaceAll('-', '') });
    expect(found.ok && found.value.statusReports.map(({ status }) => status)).toEqual(['FIDO_CERTIFIED_L1', 'REVOKED']);
  });

  it('finds by key identifier', async () => {
    const entries = [entry({ aaguid: undefined, attestationCertificateKeyIdentifiers: ['AB'.repeat(20)] })];
    const verified = await verifyMetadataBlob(blob({ payload: payload({ entries }) }), OPTIONS);
    if (!verified.ok) throw new Error(verified.error.detail);
    expect(verified.value.index.find({ keyIdentifier: 'ab'.repeat(20) }).ok).toBe(true);
  });
});

describe.skipIf(!existsSync(DATA))('BLOBs beside the checkout', () => {
  const MID_2023 = Date.UTC(2023, 6, 1);

  it('verifies the real one at its time, with every FIDO2 entry usable', async () => {
    const options = { anchors: [anchor('globalsign-root-r3.der')], now: MID_2023, signerName: 'mds.fidoalliance.org' };
    const verified = await verifyMetadataBlob(read('mds-blob-31.jwt'), options);
    if (!verified.ok) throw new Error(verified.error.detail);
    expect(verified.value.no).toBe(31);
    expect(verified.value.index.aaguids).toHaveLength(108);
    for (const aaguid of verified.value.index.aaguids) expect(verified.value.index.find({ aaguid }), aaguid).toMatchObject({ ok: true });
  });

  it.each([
    ['conformance-good.jwt', undefined],
    ['conformance-bad-signature.jwt', 'signature'],
    ['conformance-bad-chain-leaf-as-intermediate.jwt', 'untrusted'],
    ['conformance-bad-chain-foreign-certificate.jwt', 'untrusted'],
  ])('%s: %s', async (name, problem) => {
    const verified = await verifyMetadataBlob(read(name), { anchors: [anchor('conformance-fake-root.der')], now: MID_2023 });
    expect(verified.ok ? undefined : verified.error.problem).toBe(problem);
  });

  it('does not take the real root for the conformance BLOB, nor the other way round', async () => {
    expect((await verifyMetadataBlob(read('conformance-good.jwt'), { anchors: [anchor('globalsign-root-r3.der')], now: MID_2023 })).ok).toBe(false);
    expect((await verifyMetadataBlob(read('mds-blob-31.jwt'), { anchors: [anchor('conformance-fake-root.der')], now: MID_2023 })).ok).toBe(false);
  });

  it('costs no more than six times the bare work', async () => {
    const text = read('mds-blob-31.jwt');
    const options = { anchors: [anchor('globalsign-root-r3.der')], now: MID_2023, signerName: 'mds.fidoalliance.org' };
    const [header = '', body = '', signature = ''] = text.trim().split('.');
    const { x5c } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { x5c: string[] };
    const key = createPublicKey(new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64')).publicKey.export({ type: 'spki', format: 'pem' }));
    const json = Buffer.from(body, 'base64url').toString();
    const raw = (): void => {
      expect(verify('RSA-SHA256', Buffer.from(`${header}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
      createHash('sha256').update(text).digest();
      JSON.parse(json);
    };
    const time = async (work: () => unknown): Promise<number> => {
      const start = performance.now();
      await work();
      return performance.now() - start;
    };
    const ratios: number[] = [];
    for (let round = 0; round < 7; round += 1) ratios.push((await time(() => verifyMetadataBlob(text, options))) / (await time(raw)));
    expect(ratios.toSorted((left, right) => left - right)[3]).toBeLessThan(6);
  });
});
