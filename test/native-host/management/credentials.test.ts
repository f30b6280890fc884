import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { deleteKeyCredential, listCredentials, mergeNames, renameKeyCredential } from '../../../native-host/management/credentials.ts';
import {
  decodeLargeBlobArray,
  encodeLargeBlobArray,
  findLargeBlob,
  type LargeBlobArray,
  withLargeBlob,
} from '../../../native-host/ceremony/large-blob-array.ts';
import { readLargeBlobs, writeLargeBlobs } from '../../../native-host/ctap2/large-blobs.ts';
import { makeCredential } from '../../../native-host/ctap2/make-credential.ts';
import { type Bytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { AuthenticatorConfig, Knobs } from '../../virtual-key/client.ts';
import { callOptions } from '../support/udp-keys.ts';
import { type ManagementBench, must, reasonOf, ScriptedUser, startBench } from './fixture.ts';

const PIN = '1234';

let bench: ManagementBench;

beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

/** Plugs in a key with three credentials at two sites, then gives it a PIN. */
async function keyWithCredentials(knobs: Knobs = {}, protocol: AuthenticatorConfig['protocol'] = 'ctap2_1'): Promise<string> {
  const key = await bench.plugIn(knobs, protocol);
  await bench.register('example.org', 'ada');
  await bench.register('other.example', 'grace');
  await bench.register('example.org', 'linus');
  await bench.virtualKey.client.configure(key, { pin: PIN });
  return key;
}

async function commandsOf(key: string): Promise<readonly string[]> {
  return (await bench.virtualKey.client.state(key)).log.map(({ command }) => command);
}

describe.each([
  ['CTAP 2.1', 'ctap2_1', {}, 'credentialManagement'],
  ['CTAP 2.1, protocol one', 'ctap2_1', { pinUvAuthProtocols: [1] }, 'credentialManagement'],
  ['both forms', 'ctap2_1', { credentialManagement: 'both' }, 'credentialManagement'],
  ['read-only tokens of CTAP 2.2', 'ctap2_1', { persistentCredentialManagement: true }, 'credentialManagement'],
  ['tokens for a single use', 'ctap2_1', { tokenLife: 'oneUse' }, 'credentialManagement'],
  ['CTAP 2.2', 'ctap2_2', { unknownInfo: true }, 'credentialManagement'],
  ['CTAP 2.3', 'ctap2_3', {}, 'credentialManagement'],
  ['the preview of a CTAP 2.0 key', 'ctap2', { credentialManagement: 'preview' }, 'credentialManagementPreview'],
] as const)('%s', (_name, protocol, knobs, command) => {
  test('lists by site and deletes', async () => {
    const key = await keyWithCredentials(knobs, protocol);
    const list = must(await bench.manage(new ScriptedUser([PIN]), listCredentials));
    expect(list).toMatchObject({ existing: 3, maxRemaining: 22 });
    expect(list.credentials.map(({ rpId, user }) => [rpId, user?.name, user?.displayName])).toEqual([
      ['example.org', 'linus', 'The linus'],
      ['example.org', 'ada', 'The ada'],
      ['other.example', 'grace', 'The grace'],
    ]);
    expect(list.credentials.map(({ algorithm }) => algorithm)).toEqual([-7, -7, -7]);
    expect(await commandsOf(key)).toContain(`${command}.enumerateCredentialsGetNextCredential`);

    const id = encodeHex(list.credentials[1]?.id ?? new Uint8Array());
    const user = new ScriptedUser([PIN]);
    const deleted = must(await bench.manage(user, (opened) => deleteKeyCredential(opened, id.slice(0, 12).toUpperCase())));
    expect(deleted.user?.name).toBe('ada');
    expect(user.losses).toMatchObject([{ type: 'credential', credential: { rpId: 'example.org', user: { name: 'ada' } } }]);
    expect((await bench.virtualKey.client.state(key)).credentials).toBe(2);
  });
});

test('a key without credentials is asked for nothing more', async () => {
  const key = await bench.plugIn({ pin: PIN });
  expect(must(await bench.manage(new ScriptedUser([PIN]), listCredentials)).credentials).toEqual([]);
  expect(await commandsOf(key)).not.toContain('credentialManagement.enumerateRpsBegin');
});

test('deletes nothing that was not confirmed, not found, or not clear', async () => {
  const key = await keyWithCredentials();
  const user = new ScriptedUser([PIN]);
  user.confirms = false;
  const list = must(await bench.manage(new ScriptedUser([PIN]), listCredentials));
  const id = encodeHex(list.credentials[0]?.id ?? new Uint8Array());
  expect(reasonOf(await bench.manage(user, (opened) => deleteKeyCredential(opened, id)))).toBe('notConfirmed');
  expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), (opened) => deleteKeyCredential(opened, `${id}00`)))).toBe('notFound');
  expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), (opened) => deleteKeyCredential(opened, '')))).toBe('notFound');
  expect((await bench.virtualKey.client.state(key)).credentials).toBe(3);
});

test('renames one name and keeps the other', async () => {
  await keyWithCredentials();
  const list = must(await bench.manage(new ScriptedUser([PIN]), listCredentials));
  const id = encodeHex(list.credentials[2]?.id ?? new Uint8Array());
  must(await bench.manage(new ScriptedUser([PIN]), (key) => renameKeyCredential(key, id, { name: 'hopper' })));
  const renamed = must(await bench.manage(new ScriptedUser([PIN]), listCredentials)).credentials[2];
  expect(renamed?.user).toEqual({ id: encodeUtf8('grace'), name: 'hopper', displayName: 'The grace' });
});

test('an empty name removes it', () => {
  const id = encodeUtf8('x');
  expect(mergeNames({ id, name: 'a', displayName: 'b' }, { displayName: '' })).toEqual({ id, name: 'a' });
  expect(mergeNames({ id }, { name: 'c' })).toEqual({ id, name: 'c' });
});

test('the preview cannot rename, and no token is asked for in vain', async () => {
  const key = await keyWithCredentials({ credentialManagement: 'preview' }, 'ctap2');
  const user = new ScriptedUser([PIN]);
  expect(reasonOf(await bench.manage(user, (opened) => renameKeyCredential(opened, '00', { name: 'x' })))).toBe('notSupported');
  expect(user.asked).toEqual([]);
  expect(await commandsOf(key)).not.toContain('clientPin.getPinToken');
});

test('a key without the command says so', async () => {
  await bench.plugIn({ pin: PIN, credentialManagement: 'none' });
  expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), listCredentials))).toBe('notSupported');
});

describe('verifying the user', () => {
  test('a key without a PIN is told apart', async () => {
    await bench.plugIn();
    expect(reasonOf(await bench.manage(new ScriptedUser(), listCredentials))).toBe('pinNotSet');
  });

  test('a PIN that must be changed first', async () => {
    await bench.plugIn({ pin: PIN, forcePinChange: true });
    expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), listCredentials))).toBe('pinChangeRequired');
  });

  test('asks again after a wrong PIN, with the tries that are left, as long as the user has one', async () => {
    const key = await bench.plugIn({ pin: PIN });
    const patient = new ScriptedUser(['9999', PIN]);
    must(await bench.manage(patient, listCredentials));
    expect(patient.asked).toEqual(['needed 8', 'wrong 7']);
    const once = new ScriptedUser(['9999']);
    const failed = await bench.manage(once, listCredentials);
    expect(reasonOf(failed)).toBe('pinInvalid');
    expect(failed).toMatchObject({ error: { pinRetries: 7, message: 'The PIN is wrong. 7 tries are left.' } });
    expect((await bench.virtualKey.client.state(key)).pinRetries).toBe(7);
  });

  test('stops where the key wants a power cycle, and where it is blocked', async () => {
    const key = await bench.plugIn({ pin: PIN });
    const stubborn = new ScriptedUser(['9991', '9992', '9993', '9994']);
    expect(reasonOf(await bench.manage(stubborn, listCredentials))).toBe('pinAuthBlocked');
    expect(stubborn.pins).toEqual(['9994']);
    const next = new ScriptedUser([PIN]);
    expect(reasonOf(await bench.manage(next, listCredentials))).toBe('pinAuthBlocked');
    expect(next.asked).toEqual([]);
    await bench.virtualKey.client.configure(key, { pinRetries: 0 });
    expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), listCredentials))).toBe('pinBlocked');
  });

  test('takes the fingerprint where the key does, and the PIN when that is blocked', async () => {
    const key = await keyWithCredentials({ bioEnrollment: 'standard', maxUvRetries: 2 });
    await bench.virtualKey.client.configure(key, { fingerprints: ['thumb'], userVerified: true });
    const finger = new ScriptedUser();
    finger.prefersPin = false;
    expect(must(await bench.manage(finger, listCredentials)).existing).toBe(3);
    expect(finger.asked).toEqual([]);
    expect(finger.told).toEqual(['fingerNeeded']);

    await bench.virtualKey.client.configure(key, { userVerified: false });
    const wrongFinger = new ScriptedUser([PIN]);
    wrongFinger.prefersPin = false;
    expect(must(await bench.manage(wrongFinger, listCredentials)).existing).toBe(3);
    expect(wrongFinger.told).toEqual(['fingerNeeded', 'fingerNeeded', 'fingerprintRefused']);
    expect(wrongFinger.asked).toEqual(['needed 8']);
  });

  test('ends when the caller cancels while the PIN is asked for', async () => {
    const key = await bench.plugIn({ pin: PIN });
    const hesitant = Object.assign(new ScriptedUser(), {
      askPin: (): Promise<string> => {
        bench.stop.abort();
        return Promise.resolve(PIN);
      },
    });
    expect(reasonOf(await bench.manage(hesitant, listCredentials))).toBe('cancelled');
    expect(await commandsOf(key)).not.toContain('clientPin.getPinUvAuthTokenUsingPin');
  });
});

test('one job takes one token', async () => {
  const key = await keyWithCredentials({ persistentCredentialManagement: true });
  must(await bench.manage(new ScriptedUser([PIN]), listCredentials));
  const count = (await commandsOf(key)).filter((command) => command === 'clientPin.getPinUvAuthTokenUsingPin').length;
  expect(count).toBe(1);
});

test('a key whose tokens are good for one command: the PIN is typed once, and costs nothing', async () => {
  const key = await keyWithCredentials({ tokenLife: 'oneUse' });
  const user = new ScriptedUser([PIN]);
  const { credentials } = must(await bench.manage(user, listCredentials));
  expect(user.asked).toEqual(['needed 8']);
  const id = encodeHex(credentials[0]?.id ?? new Uint8Array());
  must(await bench.manage(new ScriptedUser([PIN]), (opened) => renameKeyCredential(opened, id, { name: 'lin' })));
  expect(must(await bench.manage(new ScriptedUser([PIN]), listCredentials)).credentials[0]?.user?.name).toBe('lin');
  expect((await bench.virtualKey.client.state(key)).pinRetries).toBe(8);
});

test('a permission that the key refuses from the start is not asked for again', async () => {
  const key = await keyWithCredentials({ refusals: [{ command: 'credentialManagement.getCredsMetadata', status: 0x33 }] });
  expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), listCredentials))).toBe('permissionRefused');
  expect((await commandsOf(key)).filter((command) => command === 'clientPin.getPinUvAuthTokenUsingPin')).toHaveLength(1);
});

describe('data that sites stored with credentials', () => {
  const BLOBS: Knobs = { extensions: ['credProtect', 'hmac-secret', 'largeBlobKey'] };

  /** Registers credentials with a large-blob key, and gives those keys. */
  async function registerWithBlobs(accounts: readonly string[]): Promise<readonly Bytes[]> {
    const device = await bench.open();
    const keys: Bytes[] = [];
    for (const account of accounts) {
      const made = await makeCredential(
        device,
        {
          clientDataHash: new Uint8Array(32),
          rp: { id: 'example.org', name: 'Example' },
          user: { id: encodeUtf8(account), name: account, displayName: account },
          pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
          options: { rk: true },
          extensions: new Map([['largeBlobKey', true]]),
        },
        callOptions(),
      );
      if (!made.ok || made.value.largeBlobKey === undefined) throw new Error('There is no large-blob key.');
      keys.push(made.value.largeBlobKey);
    }
    await device.close();
    return keys;
  }

  /** Reads the array, and writes it where one is given. */
  async function blobs(array?: LargeBlobArray): Promise<LargeBlobArray> {
    const device = await bench.open();
    const limits = { maxMsgSize: 256 };
    if (array !== undefined) {
      expect((await writeLargeBlobs(device, limits, encodeLargeBlobArray(array), undefined, callOptions())).ok).toBe(true);
    }
    const read = await readLargeBlobs(device, limits, callOptions());
    await device.close();
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    const decoded = decodeLargeBlobArray(read.value);
    if (decoded === undefined) throw new Error('The array cannot be read.');
    // The checksum fits, or the array would count as empty.
    expect(encodeLargeBlobArray(decoded)).toEqual(read.value);
    return decoded;
  }

  async function remove(account: string): Promise<string> {
    const list = must(await bench.manage(new ScriptedUser([PIN]), listCredentials));
    const id = list.credentials.find(({ user }) => user?.name === account)?.id ?? new Uint8Array();
    return must(await bench.manage(new ScriptedUser([PIN]), (opened) => deleteKeyCredential(opened, encodeHex(id)))).largeBlob;
  }

  test.each([
    ['with protocol two', {}],
    ['with protocol one', { pinUvAuthProtocols: [1] }],
    ['in many fragments', { maxMsgSize: 256 }],
    ['with tokens for a single use', { tokenLife: 'oneUse' }],
  ] as const)('go with it, as do those that nobody can read any more; everything else stays: %s', async (_name, knobs) => {
    const key = await bench.plugIn({ ...BLOBS, ...knobs });
    const [ada, grace] = await registerWithBlobs(['ada', 'grace', 'linus']);
    if (ada === undefined || grace === undefined) throw new Error('unreachable');
    const orphan = new Uint8Array(32).fill(9);
    const foreign: LargeBlobArray = ['of another kind', new Map([[1, 'and this']])];
    let array = foreign;
    for (const each of [ada, grace, orphan]) array = withLargeBlob(array, each, encodeUtf8('some data '.repeat(40)));
    await blobs(array);
    await bench.virtualKey.client.configure(key, { pin: PIN });

    expect(await remove('ada')).toBe('removed');
    const left = await blobs();
    expect(left).toHaveLength(3);
    expect(left.slice(0, foreign.length)).toEqual(foreign);
    expect(findLargeBlob(left, ada)).toBeUndefined();
    expect(findLargeBlob(left, orphan)).toBeUndefined();
    expect(findLargeBlob(left, grace)).toEqual(encodeUtf8('some data '.repeat(40)));

    expect(await remove('linus')).toBe('none');
    expect(await blobs()).toEqual(left);
  });

  test('a key that does not let them go: the credential is deleted all the same, and that is told', async () => {
    const key = await bench.plugIn(BLOBS);
    const [ada] = await registerWithBlobs(['ada']);
    if (ada === undefined) throw new Error('unreachable');
    await blobs(withLargeBlob([], ada, encodeUtf8('data')));
    await bench.virtualKey.client.configure(key, { pin: PIN, refusals: [{ command: 'largeBlobs', status: 0x3d }] });
    expect(await remove('ada')).toBe('left');
    const state = await bench.virtualKey.client.state(key);
    expect(state).toMatchObject({ credentials: 0, pinRetries: 8 });
  });
});
