import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { enrolKeyFingerprint } from '../../../native-host/management/enrol-fingerprint.ts';
import { deleteKeyFingerprint, listFingerprints, renameKeyFingerprint } from '../../../native-host/management/fingerprints.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import { type ManagementBench, must, reasonOf, ScriptedUser, startBench } from './fixture.ts';

const PIN = '1234';
const READER = { pin: PIN, bioEnrollment: 'standard' } as const;

let bench: ManagementBench;

beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

describe.each([
  ['the final command', 'ctap2_1', 'standard', 'bioEnrollment', 'specified'],
  ['tokens for a single use', 'ctap2_1', 'standard', 'bioEnrollment', 'oneUse'],
  ['the preview of a CTAP 2.0 key', 'ctap2', 'preview', 'bioEnrollmentPreview', 'specified'],
] as const)('%s', (_name, protocol, bioEnrollment, command, tokenLife) => {
  test('enrols, lists, renames and deletes', async () => {
    const key = await bench.plugIn({ ...READER, bioEnrollment, tokenLife }, protocol);
    const user = new ScriptedUser([PIN]);
    const enrolled = must(await bench.manage(user, (opened) => enrolKeyFingerprint(opened, 'thumb')));
    expect(enrolled.name).toBe('thumb');
    expect(user.events.filter(({ type }) => type === 'sampleTaken')).toEqual([
      { type: 'sampleTaken', status: 'good', remaining: 2 },
      { type: 'sampleTaken', status: 'good', remaining: 1 },
      { type: 'sampleTaken', status: 'good', remaining: 0 },
    ]);
    const id = encodeHex(enrolled.id);
    expect(must(await bench.manage(new ScriptedUser([PIN]), (opened) => renameKeyFingerprint(opened, id, 'left thumb'))).name).toBe('left thumb');
    expect(must(await bench.manage(new ScriptedUser([PIN]), listFingerprints))).toEqual([{ id: enrolled.id, name: 'left thumb' }]);
    const deleter = new ScriptedUser([PIN]);
    must(await bench.manage(deleter, (opened) => deleteKeyFingerprint(opened, id)));
    expect(deleter.losses).toMatchObject([{ type: 'fingerprint', isLast: true }]);
    expect(must(await bench.manage(new ScriptedUser([PIN]), listFingerprints))).toEqual([]);
    const { log } = await bench.virtualKey.client.state(key);
    expect(log.map((entry) => entry.command)).toContain(`${command}.enrollCaptureNextSample`);
  });
});

test('bad samples are told and do not count', async () => {
  await bench.plugIn({ ...READER, samplesPerFingerprint: 1, sampleStatuses: [7, 13, 4] });
  const user = new ScriptedUser([PIN]);
  must(await bench.manage(user, (key) => enrolKeyFingerprint(key, undefined)));
  expect(user.events.filter((event) => event.type === 'sampleTaken').map(({ status }) => status)).toEqual([
    'poorQuality',
    'noUserActivity',
    'tooRight',
    'good',
  ]);
});

describe('an enrolment that comes to nothing is cancelled on the key', () => {
  test.each([
    ['the finger is known', { sampleStatuses: [11] }, 'fingerprintExists'],
    ['nobody is there', { sampleStatuses: [13, 13, 13] }, 'timeout'],
    ['the key is full', { maxFingerprints: 0 }, 'fingerprintsFull'],
  ] as const)('%s', async (_name, knobs, reason) => {
    const key = await bench.plugIn({ ...READER, ...knobs });
    expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), (opened) => enrolKeyFingerprint(opened, undefined)))).toBe(reason);
    const { log, fingerprints } = await bench.virtualKey.client.state(key);
    expect(log.at(-1)?.command).toBe('bioEnrollment.cancelCurrentEnrollment');
    expect(fingerprints).toEqual([]);
  });

  test('Ctrl-C in the middle of a sample', async () => {
    const key = await bench.plugIn({ ...READER, touch: { mode: 'manual' } });
    const { client } = bench.virtualKey;
    const enrolment = bench.manage(new ScriptedUser([PIN]), (opened) => enrolKeyFingerprint(opened, 'thumb'));
    await client.waitFor(key, 'waitingForTouch');
    await client.touch(key);
    await client.waitFor(key, 'command:bioEnrollment.enrollCaptureNextSample');
    await client.waitFor(key, 'waitingForTouch');
    bench.stop.abort();
    expect(reasonOf(await enrolment)).toBe('cancelled');
    const { log, fingerprints, waitingForTouch } = await client.state(key);
    expect(log.at(-1)?.command).toBe('bioEnrollment.cancelCurrentEnrollment');
    expect(log.at(-2)).toMatchObject({ command: 'bioEnrollment.enrollCaptureNextSample', status: 0x2d });
    expect({ fingerprints, waitingForTouch }).toEqual({ fingerprints: [], waitingForTouch: false });
  });

  test('the key is pulled out', async () => {
    const key = await bench.plugIn({ ...READER, touch: { mode: 'manual' } });
    await bench.virtualKey.client.unplug(key, 'touch');
    expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), (opened) => enrolKeyFingerprint(opened, undefined)))).toBe('disconnected');
  });
});

test('a name that the key does not take is refused before anybody is asked for anything', async () => {
  await bench.plugIn({ ...READER, maxFriendlyNameLength: 4 });
  const user = new ScriptedUser([PIN]);
  expect(reasonOf(await bench.manage(user, (key) => enrolKeyFingerprint(key, 'daumen')))).toBe('nameTooLong');
  expect(user.asked).toEqual([]);
});

test('a fingerprint manages fingerprints only where the key says so', async () => {
  await bench.plugIn({ ...READER, fingerprints: ['thumb'] });
  const user = new ScriptedUser([PIN]);
  user.prefersPin = false;
  must(await bench.manage(user, listFingerprints));
  expect(user.asked).toEqual(['needed 8']);
});

test('a key without a sensor says so', async () => {
  await bench.plugIn({ pin: PIN });
  expect(reasonOf(await bench.manage(new ScriptedUser([PIN]), listFingerprints))).toBe('notSupported');
});
