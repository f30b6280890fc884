import assert from 'node:assert/strict';
import { createHash, verify } from 'node:crypto';

import { resultOf, RP_ID, verifyRegistration } from '../../../native-host/ceremony/fixture.ts';
import type { GuestCase } from '../case.ts';
import { Fido2Tools, pemOf, TOOLS_RP_ID } from '../fido2-tools.ts';
import type { Guest } from '../guest.ts';

const PIN = 'shared-pin';

/** What one client made, the other uses. */
export const CROSSING_CASES: readonly GuestCase[] = [
  {
    name: 'a credential that fido2-cred made signs in through the host',
    async run(guest: Guest): Promise<void> {
      const key = await guest.fixture.plug({ pin: PIN });
      const device = await guest.deviceOf(key);
      const credential = await new Fido2Tools(guest).makeCredential(device, { letters: 'rv', pins: [PIN] });
      const id = Buffer.from(credential.id, 'base64').toString('base64url');
      const authentication = guest.fixture.authenticate({ rpId: TOOLS_RP_ID, allowCredentials: [{ id }], userVerification: 'required' });
      await authentication.state('needsPin');
      await authentication.submitPin(PIN);
      const { credentialId, authenticatorData, signature } = await resultOf(authentication);
      assert.equal(credentialId, id);
      const signed = Buffer.concat([
        Buffer.from(authenticatorData, 'base64url'),
        createHash('sha256').update(authentication.clientData).digest(),
      ]);
      assert.ok(verify('sha256', signed, credential.publicKeyPem, Buffer.from(signature, 'base64url')));
    },
  },
  {
    name: 'a credential that the host made signs in through fido2-assert',
    async run(guest: Guest): Promise<void> {
      const key = await guest.fixture.plug({ pin: PIN });
      const registration = guest.fixture.register({ residentKey: 'required', userVerification: 'required' });
      await registration.state('needsPin');
      await registration.submitPin(PIN);
      const { id, publicKey } = await verifyRegistration(registration, { userVerified: true });
      const tools = new Fido2Tools(guest);
      const credential = { publicKeyPem: pemOf(publicKey), rpId: RP_ID };
      const device = await guest.deviceOf(key);
      await tools.getAssertion(device, { ...credential, id: Buffer.from(id, 'base64url').toString('base64') }, { letters: 'pv', pins: [PIN] });
      await tools.getAssertion(device, credential, { letters: 'prv', pins: [PIN] });
    },
  },
  {
    name: 'a PIN that the keystile command set is changed by fido2-token, and the credential of the tools is listed and deleted by the command',
    async run(guest: Guest): Promise<void> {
      const key = await guest.fixture.plug();
      const device = await guest.deviceOf(key);
      const tools = new Fido2Tools(guest);
      const set = await guest.keystile(['keys', 'pin', 'set', '--pin-stdin'], { input: `${PIN}\n` });
      assert.equal(set.code, 0, set.stderr);
      await tools.ask(['-C', device], [PIN, `${PIN}2`, `${PIN}2`]);
      await tools.makeCredential(device, { letters: 'rv', pins: [`${PIN}2`] });
      const listed = await guest.keystile(['keys', 'credentials', 'list', '--pin-stdin', '--json'], { input: `${PIN}2\n` });
      const { credentials } = JSON.parse(listed.stdout) as { readonly credentials: readonly { readonly id: string; readonly rpId: string }[] };
      assert.deepEqual(credentials.map(({ rpId }) => rpId), [TOOLS_RP_ID]);
      const deleted = await guest.keystile(['keys', 'credentials', 'delete', credentials[0]?.id ?? '', '--pin-stdin', '--yes'], { input: `${PIN}2\n` });
      assert.equal(deleted.code, 0, deleted.stderr);
      assert.equal((await guest.keys.state(key)).credentials, 0);
    },
  },
];
