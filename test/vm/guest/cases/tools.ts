import assert from 'node:assert/strict';

import type { Knobs } from '../../../virtual-key/client.ts';
import type { GuestCase } from '../case.ts';
import { Fido2Tools, TOOLS_RP_ID } from '../fido2-tools.ts';
import type { Guest } from '../guest.ts';

const PIN = 'first-pin';
const NEW_PIN = 'second-pin';

/** Debian's fido2-tools judge the virtual key over the same device files. */
export const TOOL_CASES: readonly GuestCase[] = [
  {
    name: 'fido2-token lists the key and reads what it tells of itself',
    async run(guest: Guest): Promise<void> {
      const { tools, device } = await begin(guest, { pin: PIN });
      const listed = await tools.ask(['-L']);
      assert.ok(listed.includes(`${device}: vendor=0x1209, product=0x0001`), listed);
      const info = await tools.ask(['-I', device]);
      assert.match(info, /^version strings: U2F_V2, FIDO_2_0, FIDO_2_1/m);
      assert.match(info, new RegExp(`^aaguid: ${Buffer.from('keystile-virtual').toString('hex')}$`, 'm'));
      assert.match(info, /^pin retries: 8$/m);
      assert.match(info, /^options: .*\brk\b.*\bclientPin\b/m);
    },
  },
  ...([1, 2] as const).flatMap((protocol): readonly GuestCase[] => [
    {
      name: `fido2-token sets and changes the PIN by protocol ${protocol.toString()}`,
      async run(guest: Guest): Promise<void> {
        const { tools, device, key } = await begin(guest, { pinUvAuthProtocols: [protocol] });
        await tools.ask(['-S', device], [PIN, PIN]);
        assert.equal((await guest.keys.state(key)).pinSet, true);
        const wrong = await tools.token(['-C', device], [NEW_PIN, NEW_PIN, NEW_PIN]);
        assert.equal(wrong.code, 1);
        assert.match(wrong.stderr, /FIDO_ERR_PIN_INVALID/);
        assert.equal((await guest.keys.state(key)).pinRetries, 7);
        await tools.ask(['-C', device], [PIN, NEW_PIN, NEW_PIN]);
        assert.equal((await guest.keys.state(key)).pinRetries, 8);
        await tools.makeCredential(device, { letters: 'v', pins: [NEW_PIN] });
      },
    },
    {
      name: `fido2-cred and fido2-assert verify a credential with user verification and a secret by protocol ${protocol.toString()}`,
      async run(guest: Guest): Promise<void> {
        const { tools, device } = await begin(guest, { pin: PIN, pinUvAuthProtocols: [protocol], attestation: 'x5c' });
        const credential = await tools.makeCredential(device, { letters: 'hv', pins: [PIN] });
        const first = await tools.getAssertion(device, credential, { letters: 'hpv', pins: [PIN] });
        const second = await tools.getAssertion(device, credential, { letters: 'hpv', pins: [PIN] });
        assert.equal(Buffer.from(first.more[0] ?? '', 'base64').length, 32);
        assert.deepEqual(second, first);
        await tools.getAssertion(device, credential, { letters: 'p' });
      },
    },
  ]),
  {
    name: 'discoverable credentials are found, listed and deleted by the tools',
    async run(guest: Guest): Promise<void> {
      // These tools know the preview's command only.
      const { tools, device, key } = await begin(guest, { pin: PIN, credentialManagement: 'both' });
      const credential = await tools.makeCredential(device, { letters: 'rv', pins: [PIN] });
      const { more } = await tools.getAssertion(device, { publicKeyPem: credential.publicKeyPem }, { letters: 'prv', pins: [PIN] });
      assert.equal(Buffer.from(more[0] ?? '', 'base64').toString(), 'user of the tools');
      assert.ok((await tools.ask(['-L', '-r', device], [PIN])).includes(TOOLS_RP_ID));
      const listed = await tools.ask(['-L', '-k', TOOLS_RP_ID, device], [PIN]);
      assert.ok(listed.includes(credential.id) && listed.includes('es256'), listed);
      await tools.ask(['-D', '-i', credential.id, device], [PIN]);
      assert.equal((await guest.keys.state(key)).credentials, 0);
    },
  },
  {
    name: 'large blobs of the tools are written, read and deleted',
    async run(guest: Guest): Promise<void> {
      const { tools, device } = await begin(guest, {
        pin: PIN,
        extensions: ['credProtect', 'largeBlobKey'],
        // Where there is no certificate, fido2-cred takes the blob's key for it.
        attestation: 'x5c',
        credentialManagement: 'both',
      });
      const credential = await tools.makeCredential(device, { letters: 'brv', pins: [PIN] });
      // Some hundred bytes: the tools cannot encrypt less than sixteen.
      const blob = '/etc/passwd';
      const read = '/tmp/blob-read';
      await tools.ask(['-S', '-b', '-n', TOOLS_RP_ID, '-i', credential.id, blob, device], [PIN]);
      await tools.ask(['-G', '-b', '-n', TOOLS_RP_ID, '-i', credential.id, read, device], [PIN]);
      const compared = await guest.run('cmp', [blob, read]);
      assert.equal(compared.code, 0, compared.stdout + compared.stderr);
      await tools.ask(['-D', '-b', '-n', TOOLS_RP_ID, '-i', credential.id, device], [PIN]);
    },
  },
  {
    name: 'a U2F key registers and signs in with the tools',
    async run(guest: Guest): Promise<void> {
      const { tools, device } = await begin(guest, {}, 'ctap1/u2f');
      const credential = await tools.makeCredential(device);
      await tools.getAssertion(device, credential, { letters: 'p' });
    },
  },
];

async function begin(
  guest: Guest,
  knobs: Knobs,
  protocol: 'ctap1/u2f' | 'ctap2_1' = 'ctap2_1',
): Promise<{ readonly tools: Fido2Tools; readonly device: string; readonly key: string }> {
  const key = await guest.fixture.plug(knobs, protocol);
  return { tools: new Fido2Tools(guest), device: await guest.deviceOf(key), key };
}
