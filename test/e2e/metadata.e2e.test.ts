import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { ROOT_DER, blob, entry, payload } from '../shared/verifier/mds/fixture.ts';
import { type Prompted, promptFor } from '../support/ceremonies.ts';
import { callCreate } from '../support/page-call.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { TestCa } from '../virtual-key/authenticator/attestation/test-ca.ts';

const CERTIFIED = '2fc0579f-8113-47ea-b116-bb5a8db9202a';
const REVOKED = 'ee882879-721c-4913-9775-3dfcce97072a';
const UNKNOWN = '00112233-4455-6677-8899-aabbccddeeff';
const POLICY = JSON.stringify({
  sites: [
    { rpIds: ['attested.localhost'], fido2: { isAttestationEnforced: true } },
    // Its mistake shows that the policy has arrived.
    { rpIds: ['broken.localhost'], fido2: { state: 'perhaps' } },
  ],
});

// The policy needs a mount namespace of the browser's own.
describe.skipIf(process.getuid?.() !== 0)('enforced attestation with FIDO metadata (needs root)', () => {
  let folder: string;
  let stack: Stack;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'keystile-metadata-'));
    const { metadataStatement } = entry();
    const model = (aaguid: string, status: string): object =>
      entry({
        aaguid,
        statusReports: [{ status, effectiveDate: '2024-01-01' }],
        metadataStatement: { ...(metadataStatement as object), attestationRootCertificates: [Buffer.from(new TestCa().root).toString('base64')] },
      });
    const entries = [model(CERTIFIED, 'FIDO_CERTIFIED_L1'), model(REVOKED, 'REVOKED')];
    const [file, root] = ['metadata.jwt', 'root.der'].map((name) => path.join(folder, name)) as [string, string];
    await writeFile(file, blob({ payload: payload({ nextUpdate: '2049-01-01', entries }) }));
    await writeFile(root, ROOT_DER);
    await mkdir(path.join(folder, 'keystile'));
    await writeFile(path.join(folder, 'keystile', 'host.json'), JSON.stringify({ metadata: { file, root } }));
    stack = await startStack({ browser: { managed: { policy: POLICY }, env: { XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder } } });
    const popup = await stack.browser.openPopup();
    await popup.getByText('policy: sites[1].fido2.state').waitFor();
    await popup.close();
  });
  afterEach(() => stack.reset());
  afterAll(async () => {
    await stack.close();
    await rm(folder, { recursive: true });
  });

  async function register(aaguid: string): Promise<Prompted> {
    await stack.plugKey({ aaguid: Buffer.from(aaguid.replaceAll('-', ''), 'hex').toString('base64url'), attestation: 'x5c' });
    const page = await stack.browser.context.newPage();
    await page.goto(`http://attested.localhost:${new URL(stack.tenant.origin).port}/lab/empty`);
    return promptFor(stack, () => callCreate(page, { authenticatorSelection: { userVerification: 'discouraged' } }));
  }

  test('a certified model registers', async () => {
    const { call } = await register(CERTIFIED);
    expect(await call.outcome).toMatchObject({ ok: true });
  });

  test.each([
    ['that is revoked', REVOKED],
    ['that the metadata does not have', UNKNOWN],
  ])('a model %s is refused', async (_what, aaguid) => {
    const { call, prompt } = await register(aaguid);
    expect(await call.outcome).toMatchObject({ ok: false, name: 'NotAllowedError' });
    await prompt.waitForState('failed');
  });
});
