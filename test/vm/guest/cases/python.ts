import assert from 'node:assert/strict';
import path from 'node:path';

import { GUEST_STAGE } from '../../init-script.ts';
import type { GuestCase } from '../case.ts';
import type { Guest } from '../guest.ts';

const PIN = 'judge-pin';
/** Debian's own: the package is for it, whatever other Python the system has. */
const PYTHON = '/usr/bin/python3';

/** python3-fido2 judges the virtual key; what it looks at is in `judge.py`. */
export const PYTHON_CASES: readonly GuestCase[] = ([1, 2] as const).map((protocol) => ({
  name: `python3-fido2 finds every answer of the virtual key right by protocol ${protocol.toString()}`,
  async run(guest: Guest): Promise<void> {
    const extensions = ['credProtect', 'hmac-secret', 'largeBlobKey'] as const;
    const key = await guest.fixture.plug({ pin: PIN, pinUvAuthProtocols: [protocol], extensions });
    const script = path.join(GUEST_STAGE, 'judge.py');
    const { code, stdout, stderr } = await guest.run(PYTHON, [script, await guest.deviceOf(key), PIN, protocol.toString()]);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'info',
      'registration',
      'authentication',
      'hmac-secret',
      'large blobs',
      'credential management',
      'PIN',
    ]);
    assert.equal((await guest.keys.state(key)).credentials, 0);
  },
}));
