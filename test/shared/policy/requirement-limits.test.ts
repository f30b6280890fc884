import * as v from 'valibot';
import { expect, test } from 'vitest';

import { createFrameDecoder, MAX_INCOMING_BODY } from '../../../native-host/stdio/frame.ts';
import { keyRequirements } from '../../../shared/policy/evaluate.ts';
import { readPolicy, type SiteRule } from '../../../shared/policy/policy.ts';
import { nativeHop } from '../../../shared/wire/native.ts';
import { MAX_MODEL_LISTS, MAX_MODELS_IN_LIST } from '../../../shared/wire/requirement-limits.ts';

const PARAMS = {
  clientDataHash: 'A'.repeat(43),
  rpId: 'example.org',
  allowCredentials: [],
  userVerification: 'preferred',
  timeout: 60_000,
  promptVisible: true,
};

function aaguid(number: number): string {
  const digits = number.toString(16).padStart(32, '0');
  return [8, 12, 16, 20].reduceRight((text, place) => `${text.slice(0, place)}-${text.slice(place)}`, digits);
}

/** A rule with that many profiles, each of which lists that many models. */
function ruleOf(profiles: number, models: number): SiteRule {
  const aaGuids = Array.from({ length: models }, (_, index) => aaguid(index));
  const passkeyProfiles = Array.from({ length: profiles }, (_, index) => ({
    id: index.toString(),
    keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids },
  }));
  const rule = readPolicy({ sites: [{ rpIds: ['example.org'], fido2: { state: 'enabled', passkeyProfiles } }] }).ruleFor('example.org', 'https://example.org');
  if (rule === undefined) throw new Error('There is no rule.');
  return rule;
}

test('the largest policy that is taken reaches the host whole', () => {
  const rule = ruleOf(MAX_MODEL_LISTS, MAX_MODELS_IN_LIST);
  expect(rule.problems).toEqual([]);
  const { aaguids, residentKey, hmacSecret } = keyRequirements(rule, 'authentication');
  expect(aaguids.map((list) => list.aaguids.length)).toEqual(Array.from({ length: MAX_MODEL_LISTS }, () => MAX_MODELS_IN_LIST));
  const params = { ...PARAMS, requirements: { aaguids, residentKey, hmacSecret } };
  expect(v.parse(nativeHop.methods['authentication.start'].params, params).requirements?.aaguids).toEqual(aaguids);
  const body = Buffer.from(JSON.stringify({ v: 1, id: 'x'.repeat(64), method: 'authentication.start', params }));
  expect(body.length).toBeLessThan(MAX_INCOMING_BODY);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(body.length);
  expect(createFrameDecoder(MAX_INCOMING_BODY, true).push(Buffer.concat([header, body])).map(({ kind }) => kind)).toEqual(['message']);
});

test.each([
  ['profiles', MAX_MODEL_LISTS + 1, 1, 'sites[0].fido2.passkeyProfiles'],
  ['models', 1, MAX_MODELS_IN_LIST + 1, 'sites[0].fido2.passkeyProfiles[0].keyRestrictions.aaGuids'],
])('one of the %s too many is a problem of the policy, not of the message', (_what, profiles, models, place) => {
  expect(ruleOf(profiles, models).problems.map(({ path }) => path)).toEqual([place]);
});
