import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { evaluateAuthentication, evaluateRegistration, evaluateRequest, keyRequirements, missingCapabilities, type RegistrationFacts } from '../../../shared/policy/evaluate.ts';
import { NO_POLICY, readPolicy, type SiteRule } from '../../../shared/policy/policy.ts';
import { decodeMetadataEntry } from '../../../shared/verifier/mds/entry.ts';
import { judgeStatus } from '../../../shared/verifier/mds/status.ts';

const AAGUID = '00112233-4455-6677-8899-aabbccddeeff';
const ID = AAGUID.replaceAll('-', '');
const OTHER = 'f'.repeat(32);

/** As Microsoft Graph answers it. */
const GRAPH = {
  '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#authenticationMethodConfigurations/$entity',
  '@odata.type': '#microsoft.graph.fido2AuthenticationMethodConfiguration',
  id: 'Fido2',
  state: 'enabled',
  isSelfServiceRegistrationAllowed: true,
  isAttestationEnforced: true,
  keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [AAGUID] },
  excludeTargets: [],
  includeTargets: [{ targetType: 'group', id: 'all_users', isRegistrationRequired: false }],
};

const FACTS: RegistrationFacts = {
  aaguid: ID,
  fmt: 'packed',
  attestation: { type: 'certified', isTrusted: true },
  backupEligible: false,
  userVerified: true,
  algorithm: -7,
  metadata: {
    status: { denied: [], notices: [], certification: 'FIDO_CERTIFIED_L1' },
    getInfo: { versions: ['FIDO_2_0'], extensions: ['hmac-secret'], options: { rk: true, clientPin: true } },
  },
};

function rule(site: Readonly<Record<string, unknown>>): SiteRule {
  const found = readPolicy({ sites: [{ rpIds: ['example.org'], ...site }] }).ruleFor('example.org', 'https://example.org');
  if (found === undefined) throw new Error('There is no rule.');
  return found;
}

const graph = (changes: Readonly<Record<string, unknown>> = {}): SiteRule => rule({ fido2: { ...GRAPH, ...changes } });
const failed = (judgement: { readonly findings: readonly { readonly id: string; readonly state: string }[] }): string[] =>
  judgement.findings.filter(({ state }) => state === 'fail').map(({ id }) => id);

describe('readPolicy', () => {
  it('takes a tenant\'s configuration as it is, for Entra\'s own sites', () => {
    for (const value of [GRAPH, JSON.stringify(GRAPH)]) {
      const policy = readPolicy(value);
      expect(policy.problems).toEqual([]);
      expect(policy.ruleFor('login.microsoft.com', 'https://login.microsoft.com')).toMatchObject({ preset: 'entra', mode: 'enforce' });
      expect(policy.ruleFor('example.org', 'https://example.org')).toBeUndefined();
    }
  });

  it('takes it with passkey profiles, as Graph answers it today', () => {
    const id = '00000000-0000-0000-0000-000000000001';
    const keyRestrictions = { isEnforced: true, enforcementType: 'block', aaGuids: [AAGUID.toUpperCase()] };
    const policy = readPolicy({
      ...GRAPH,
      defaultPasskeyProfile: id,
      'includeTargets@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#includeTargets',
      includeTargets: [{ targetType: 'group', id: 'all_users', isRegistrationRequired: false, allowedPasskeyProfiles: [id] }],
      excludeTargets: null,
      passkeyProfiles: [
        { '@odata.type': '#microsoft.graph.passkeyProfile', id, name: 'Default passkey profile', passkeyTypes: 'deviceBound,synced', attestationEnforcement: 'disabled', keyRestrictions },
      ],
    });
    expect(policy.problems).toEqual([]);
    const profile = policy.ruleFor('login.microsoft.com', 'https://login.microsoft.com')?.fido2?.profiles;
    expect(profile).toMatchObject([{ name: 'Default passkey profile', attestationEnforced: false, isCertain: true, keyRestrictions: { type: 'block', aaguids: [ID] } }]);
  });

  it.each([
    ['example.org', 'example.org', true],
    ['example.org', 'login.example.org', false],
    ['*.example.org', 'login.example.org', true],
    ['*.example.org', 'example.org', false],
    ['*.example.org', 'badexample.org', false],
    ['*', 'anything.test', true],
    ['EXAMPLE.org', 'example.org', true],
  ])('the pattern %s and %s: %s', (pattern, rpId, expected) => {
    const policy = readPolicy({ sites: [{ rpIds: [pattern] }] });
    expect(policy.ruleFor(rpId, `https://${rpId}`) !== undefined).toBe(expected);
  });

  it('takes the first rule that fits, by RP ID or by origin', () => {
    const policy = readPolicy({ sites: [{ origins: ['https://a.example'], mode: 'off' }, { rpIds: ['*'], mode: 'warn' }] });
    expect(policy.ruleFor('a.example', 'https://a.example')?.mode).toBe('off');
    expect(policy.ruleFor('b.example', 'https://b.example')?.mode).toBe('warn');
  });

  it.each([['{'], ['[]'], ['7'], [7], [null], [[]], [{}], [{ sites: 7 }], [{ sites: null }], [{ sites: [{}] }], [{ sites: [{ rpIds: [7] }] }]])(
    'refuses everything everywhere when it cannot tell for whom %j is',
    (value) => {
      const policy = readPolicy(value);
      expect(policy.problems.length).toBeGreaterThan(0);
      const found = policy.ruleFor('any.example', 'https://any.example');
      expect(found && evaluateRequest(found, 'authentication').decision).toBe('refused');
    },
  );

  it.each([
    ['sites[0].fido2.state', { fido2: { ...GRAPH, state: 'on' } }],
    ['sites[0].fido2.keyRestrictions.enforcementType', { fido2: { ...GRAPH, keyRestrictions: { isEnforced: true, enforcementType: 'deny', aaGuids: [] } } }],
    ['sites[0].fido2.keyRestrictions.enforcementType', { fido2: { ...GRAPH, keyRestrictions: { isEnforced: true, aaGuids: [] } } }],
    ['sites[0].fido2.keyRestrictions.enforcementType', { fido2: { ...GRAPH, keyRestrictions: { isEnforced: true, enforcementType: null, aaGuids: [AAGUID] } } }],
    ['sites[0].fido2.keyRestrictions.aaGuids[1]', { fido2: { ...GRAPH, keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [AAGUID, 'nonsense'] } } }],
    ['sites[0].fido2.keyRestrictions.aaGuids[0]', { fido2: { ...GRAPH, keyRestrictions: { isEnforced: true, enforcementType: 'block', aaGuids: [7] } } }],
    ['sites[0].fido2.passkeyProfiles[0].passkeyTypes', { fido2: { passkeyProfiles: [{ id: 'a', passkeyTypes: 'deviceBound,quantum' }] } }],
    ['sites[0].fido2.includeTargets[0].allowedPasskeyProfiles', { fido2: { passkeyProfiles: [{ id: 'a' }], includeTargets: [{ targetType: 'group', id: 'all_users', allowedPasskeyProfiles: ['b'] }] } }],
    ['sites[0].mode', { mode: 'maybe' }],
    ['sites[0].preset', { preset: 'okta' }],
    ['sites[0].algorithms[1]', { algorithms: [-7, 'ES256'] }],
  ])('says that %s is wrong, and lets nothing pass there', (place, site) => {
    const found = rule(site);
    expect(found.problems.map((problem) => problem.path)).toEqual([place]);
    expect(evaluateRequest(found, 'registration')).toMatchObject({ decision: 'refused', findings: [{ id: 'policy.valid', path: place }] });
    expect(evaluateRequest(found, 'authentication').decision).toBe('refused');
  });

  it.each([
    // A misspelt member that was passed over would leave the site without what the administrator meant.
    ['sites[0].userVerfication', { userVerfication: 'required' }],
    ['sites[0].keyRestrictions', { keyRestrictions: { isEnforced: true } }],
    // As PowerShell writes it.
    ['sites[0].fido2.State', { fido2: { Id: 'Fido2', State: 'disabled', AdditionalProperties: {} } }],
    ['sites[0].fido2.KeyRestrictions', { fido2: { state: 'enabled', KeyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [] } } }],
    ['sites[0].fido2.keyRestrictions.aaguids', { fido2: { keyRestrictions: { isEnforced: true, enforcementType: 'block', aaguids: [AAGUID] } } }],
    ['sites[0].fido2.passkeyProfiles[0].AttestationEnforcement', { fido2: { passkeyProfiles: [{ id: 'a', AttestationEnforcement: 'registrationOnly' }] } }],
    ['sites[0].fido2.includeTargets[0].AllowedPasskeyProfiles', { fido2: { passkeyProfiles: [{ id: 'a' }], includeTargets: [{ targetType: 'group', id: 'all_users', AllowedPasskeyProfiles: ['a'] }] } }],
    ['sites[0].fido2', { fido2: { value: GRAPH } }],
    ['sites[0].fido2.@odata.type', { fido2: { ...GRAPH, '@odata.type': '#microsoft.graph.smsAuthenticationMethodConfiguration' } }],
    ['sites[0].fido2.defaultPasskeyProfile', { fido2: { passkeyProfiles: [{ id: 'a' }, { id: 'b' }], defaultPasskeyProfile: 'c' } }],
  ])('says that there is no %s, and lets nothing pass there', (place, site) => {
    const found = rule(site);
    expect(found.problems.map((problem) => problem.path)).toEqual([place]);
    expect(evaluateRequest(found, 'authentication').decision).toBe('refused');
  });

  it.each([[{ algorithms: null }], [{ fido2: null }], [{ mode: null, preset: null, userVerification: null, origins: null }]])('takes null as absent: %j', (site) => {
    const found = rule(site);
    expect(found.problems).toEqual([]);
    expect(evaluateRegistration(found, FACTS)).toEqual(evaluateRegistration(rule({}), FACTS));
  });

  it.each([
    ['https://login.example.org'],
    ['login.example.org:8443'],
    ['login.*.org'],
    ['*.'],
    ['example.org.'],
    ['127.0.0.1'],
  ])('refuses everything everywhere for the RP ID %s, which none can be', (pattern) => {
    const policy = readPolicy({ sites: [{ rpIds: ['example.org', pattern] }] });
    expect(policy.problems.map(({ path: place }) => place)).toEqual(['sites[0].rpIds[1]']);
    expect(policy.ruleFor('other.test', 'https://other.test')).toBeDefined();
  });

  it.each([['a.example'], ['https://a.example/path'], ['https://*.a.example'], ['ftp://a.example']])('refuses everything everywhere for the origin %s, which none can be', (origin) => {
    const policy = readPolicy({ sites: [{ origins: [origin] }] });
    expect(policy.problems.map(({ path: place }) => place)).toEqual(['sites[0].origins[0]']);
    expect(policy.ruleFor('other.test', 'https://other.test')).toBeDefined();
  });

  it.each([
    [{ rpIds: [' Login.Example.org '] }, 'login.example.org', 'https://login.example.org'],
    [{ rpIds: ['*.bücher.example'] }, 'login.xn--bcher-kva.example', 'https://login.xn--bcher-kva.example'],
    [{ rpIds: ['localhost'] }, 'localhost', 'http://localhost:8080'],
    [{ origins: ['HTTPS://A.example:443/'] }, 'a.example', 'https://a.example'],
    [{ origins: ['http://localhost:8080'] }, 'localhost', 'http://localhost:8080'],
  ])('reads %j as browsers write it', (site, rpId, origin) => {
    const policy = readPolicy({ sites: [site] });
    expect(policy.problems).toEqual([]);
    expect(policy.ruleFor(rpId, origin)).toBeDefined();
    expect(policy.ruleFor('other.test', 'https://other.test')).toBeUndefined();
  });

  it.each(['isSelfServiceRegistrationAllowed', 'isAttestationEnforced'])('a wrong %s concerns registrations only', (member) => {
    const found = graph({ [member]: 'yes' });
    expect(evaluateRequest(found, 'registration').decision).toBe('refused');
    expect(evaluateRequest(found, 'authentication').decision).toBe('allowed');
  });

  it('leaves other sites alone when one site\'s rule is wrong', () => {
    const policy = readPolicy({ sites: [{ rpIds: ['a.example'], mode: 'x' }, { rpIds: ['b.example'] }] });
    const other = policy.ruleFor('b.example', 'https://b.example');
    expect(other && evaluateRequest(other, 'registration').decision).toBe('allowed');
  });

  it('never throws, and never makes of anything a policy that is silent', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const policy = readPolicy({ sites: [{ rpIds: ['a.example'], fido2: value }] });
      const found = policy.ruleFor('a.example', 'https://a.example');
      expect(found).toBeDefined();
      if (found !== undefined) evaluateRegistration(found, FACTS);
      readPolicy(value);
    }));
  });

  it('restricts nothing where there is none', () => {
    expect(NO_POLICY.ruleFor('a.example', 'https://a.example')).toBeUndefined();
  });
});

describe('before a key is asked', () => {
  it.each([
    ['policy.state', { state: 'disabled' }],
    ['policy.selfService', { isSelfServiceRegistrationAllowed: false }],
    ['policy.targets', { excludeTargets: [{ targetType: 'group', id: 'all_users' }] }],
  ])('refuses a registration by %s', (id, changes) => {
    expect(failed(evaluateRequest(graph(changes), 'registration'))).toEqual([id]);
  });

  it('lets a user sign in who may not register', () => {
    expect(evaluateRequest(graph({ isSelfServiceRegistrationAllowed: false }), 'authentication').decision).toBe('allowed');
  });

  it.each([
    [undefined, 'undecided'],
    [null, 'undecided'],
    [['g1'], 'allowed'],
    [['G1'], 'allowed'],
    [['g2'], 'refused'],
  ])('with the groups %j, a configuration for the group g1 is %s', (groups, decision) => {
    const found = rule({ groups, fido2: { ...GRAPH, includeTargets: [{ targetType: 'group', id: 'g1' }] } });
    expect(evaluateRequest(found, 'registration').decision).toBe(decision);
  });

  it('nobody is included by an empty list, and everybody where there is none', () => {
    const { includeTargets: _includeTargets, ...without } = GRAPH;
    expect(failed(evaluateRequest(graph({ includeTargets: [] }), 'authentication'))).toEqual(['policy.targets']);
    for (const fido2 of [without, { ...without, includeTargets: null }]) expect(evaluateRequest(rule({ fido2 }), 'authentication').decision).toBe('allowed');
  });

  it.each([
    [['g1'], 'undecided'],
    [['USER-1'], 'allowed'],
  ])('does not take a target that is one user for a group: %j', (groups, decision) => {
    const found = rule({ groups, fido2: { ...GRAPH, includeTargets: [{ targetType: 'user', id: 'user-1' }] } });
    expect(evaluateRequest(found, 'authentication').decision).toBe(decision);
  });

  it('an exclusion wins', () => {
    const found = rule({ groups: ['g1'], fido2: { ...GRAPH, excludeTargets: [{ targetType: 'group', id: 'g1' }] } });
    expect(failed(evaluateRequest(found, 'authentication'))).toEqual(['policy.targets']);
  });

  it('tells the host which models may be used, and what a key must be able to do', () => {
    expect(keyRequirements(graph(), 'registration')).toEqual({
      aaguids: [{ type: 'allow', aaguids: [ID] }],
      residentKey: false,
      userVerification: false,
      hmacSecret: false,
    });
    expect(keyRequirements(rule({ preset: 'entra', fido2: GRAPH }), 'registration')).toMatchObject({ residentKey: true, userVerification: true, hmacSecret: true });
    expect(keyRequirements(rule({}), 'registration').aaguids).toEqual([]);
  });
});

describe('evaluateRegistration', () => {
  it('allows what holds', () => {
    expect(evaluateRegistration(graph(), FACTS).decision).toBe('allowed');
    expect(evaluateRegistration(rule({ preset: 'entra', fido2: GRAPH }), FACTS).decision).toBe('allowed');
  });

  it.each<[string, Partial<RegistrationFacts>]>([
    ['policy.keyRestrictions', { aaguid: OTHER }],
    ['policy.attestation', { attestation: { type: 'self', isTrusted: false } }],
    ['policy.attestation', { attestation: { type: 'none', isTrusted: false }, fmt: 'none' }],
    ['policy.attestation', { attestation: { type: 'certified', isTrusted: false } }],
    ['policy.attestation', { metadata: 'unknown' }],
    ['policy.attestation', { backupEligible: true }],
    ['policy.status', { metadata: { status: { denied: ['REVOKED'], notices: [] } } }],
  ])('refuses by %s: %j', (id, change) => {
    expect(failed(evaluateRegistration(graph(), { ...FACTS, ...change }))).toEqual([id]);
  });

  it.each<[string, Partial<RegistrationFacts>]>([
    ['policy.attestation', { fmt: 'tpm' }],
    ['policy.certification', { metadata: { ...(FACTS.metadata as object), status: { denied: [], notices: [] } } }],
    ['policy.capabilities', { metadata: { status: { denied: [], notices: [], certification: 'FIDO_CERTIFIED_L1' } } }],
    ['policy.userVerification', { userVerified: false }],
  ])('the preset entra refuses by %s', (id, change) => {
    const judgement = evaluateRegistration(rule({ preset: 'entra', fido2: GRAPH }), { ...FACTS, ...change });
    expect(failed(judgement)).toEqual([id]);
  });

  it('says "likely" of what the site would refuse', () => {
    const judgement = evaluateRegistration(rule({ preset: 'entra', fido2: GRAPH }), { ...FACTS, fmt: 'tpm' });
    expect(judgement.findings.find(({ state }) => state === 'fail')?.detail).toMatch(/likely refuse/);
  });

  it('cannot decide without metadata, or without a verifier for the format', () => {
    expect(evaluateRegistration(graph(), { ...FACTS, metadata: 'none' }).decision).toBe('undecided');
    const explained = evaluateRegistration(graph(), { ...FACTS, metadata: 'none', metadataProblem: 'host.json: not JSON in UTF-8.' });
    expect(explained.findings.find(({ state }) => state === 'undecided')?.detail).toContain('host.json: not JSON in UTF-8.');
    const { attestation: _attestation, ...unverified } = FACTS;
    expect(evaluateRegistration(graph(), unverified).decision).toBe('undecided');
  });

  it('refuses a model of which the metadata says what cannot be read, and tells so', () => {
    const judgement = evaluateRegistration(graph(), { ...FACTS, attestation: { type: 'certified', isTrusted: false }, metadata: 'unusable' });
    expect(failed(judgement)).toEqual(['policy.attestation']);
    expect(judgement.findings.find(({ state }) => state === 'fail')?.detail).toMatch(/cannot be read/);
  });

  it('takes no AAGUID for proven that a U2F attestation does not sign', () => {
    const u2f: RegistrationFacts = { ...FACTS, fmt: 'fido-u2f' };
    expect(failed(evaluateRegistration(graph(), u2f))).toEqual(['policy.attestation']);
    expect(evaluateRegistration(graph({ keyRestrictions: null }), u2f).decision).toBe('allowed');
    expect(evaluateRegistration(graph({ isAttestationEnforced: false }), u2f).decision).toBe('allowed');
  });

  it('needs no attestation where none is enforced', () => {
    const facts: RegistrationFacts = { ...FACTS, fmt: 'none', attestation: { type: 'none', isTrusted: false }, metadata: 'none' };
    expect(evaluateRegistration(graph({ isAttestationEnforced: false }), facts).decision).toBe('allowed');
  });

  it('refuses algorithms below the floor', () => {
    expect(failed(evaluateRegistration(rule({ algorithms: [-257] }), FACTS))).toEqual(['policy.algorithm']);
  });

  it('blocks models', () => {
    const blocked = graph({ keyRestrictions: { isEnforced: true, enforcementType: 'block', aaGuids: [AAGUID.toUpperCase()] } });
    expect(failed(evaluateRegistration(blocked, FACTS))).toEqual(['policy.keyRestrictions']);
    expect(evaluateRegistration(blocked, { ...FACTS, aaguid: OTHER }).decision).toBe('allowed');
  });

  it.each([[ID], [AAGUID.toUpperCase()], [`{${AAGUID}}`], [` ${AAGUID}\t`]])('reads the AAGUID %j', (aaguid) => {
    const found = graph({ keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [aaguid] } });
    expect(found.problems).toEqual([]);
    expect(evaluateRegistration(found, FACTS).decision).toBe('allowed');
  });

  it('tells the place of each entry that is none', () => {
    const found = graph({ keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [7, AAGUID, 'nonsense'] } });
    expect(found.problems.map((problem) => problem.path)).toEqual([0, 2].map((index) => `sites[0].fido2.keyRestrictions.aaGuids[${index.toString()}]`));
  });

  it('finds nothing wrong with a list that restricts nothing', () => {
    const open = graph({ keyRestrictions: { isEnforced: false, enforcementType: 'unknownFutureValue', aaGuids: ['nonsense', null] } });
    expect(open.problems).toEqual([]);
  });

  it.each([[undefined], [null]])('does not guess whether a list is enforced: isEnforced %s', (isEnforced) => {
    const found = graph({ keyRestrictions: { isEnforced, enforcementType: 'block', aaGuids: [AAGUID] } });
    expect(found.problems.map((problem) => problem.path)).toEqual(['sites[0].fido2.keyRestrictions.isEnforced']);
    expect(graph({ keyRestrictions: { isEnforced, enforcementType: null, aaGuids: [] } }).problems).toEqual([]);
  });

  it('does not look at restrictions that are not enforced', () => {
    const open = graph({ keyRestrictions: { isEnforced: false, enforcementType: 'allow', aaGuids: [] } });
    expect(evaluateRegistration(open, { ...FACTS, aaguid: OTHER }).decision).toBe('allowed');
  });
});

describe('passkey profiles', () => {
  const profile = (id: string, aaguid: string, changes: object = {}): object => ({
    id,
    name: id,
    passkeyTypes: 'deviceBound',
    attestationEnforcement: 'disabled',
    keyRestrictions: { isEnforced: true, enforcementType: 'allow', aaGuids: [aaguid] },
    ...changes,
  });
  const target = (id: string, profiles: readonly string[]): object => ({ targetType: 'group', id, allowedPasskeyProfiles: profiles });
  const both = { state: 'enabled', passkeyProfiles: [profile('a', AAGUID), profile('b', OTHER)] };

  it('one that holds is enough', () => {
    const found = rule({ fido2: { ...both, includeTargets: [target('all_users', ['a', 'b'])] } });
    expect(evaluateRegistration(found, FACTS).decision).toBe('allowed');
    expect(evaluateRegistration(found, { ...FACTS, aaguid: OTHER }).decision).toBe('allowed');
    expect(evaluateRegistration(found, { ...FACTS, aaguid: 'e'.repeat(32) }).decision).toBe('refused');
    expect(keyRequirements(found, 'registration').aaguids).toHaveLength(2);
  });

  it('those of other groups do not count; those of groups that are not known leave it open', () => {
    const fido2 = { ...both, includeTargets: [target('g1', ['a']), target('g2', ['b'])] };
    expect(evaluateRegistration(rule({ groups: ['g2'], fido2 }), FACTS).decision).toBe('refused');
    expect(evaluateRegistration(rule({ groups: ['g1'], fido2 }), FACTS).decision).toBe('allowed');
    expect(evaluateRegistration(rule({ fido2 }), FACTS).decision).toBe('undecided');
  });

  it('keeps synced and device-bound credentials apart', () => {
    const found = rule({ fido2: { ...both, includeTargets: [target('all_users', ['a'])] } });
    expect(failed(evaluateRegistration(found, { ...FACTS, backupEligible: true }))).toEqual(['policy.passkeyType']);
    const synced = rule({ fido2: { passkeyProfiles: [profile('a', AAGUID, { passkeyTypes: 'synced' })] } });
    expect(failed(evaluateRegistration(synced, FACTS))).toEqual(['policy.passkeyType']);
  });

  it.each([
    [{ isAttestationEnforced: true }, true],
    [{ isAttestationEnforced: true, attestationEnforcement: null }, true],
    [{ isAttestationEnforced: true, attestationEnforcement: 'disabled' }, false],
    [{ isAttestationEnforced: false, attestationEnforcement: 'registrationOnly' }, true],
  ])('reads %j of a profile, as Graph has written it in its beta', (members, enforced) => {
    const found = rule({ fido2: { passkeyProfiles: [{ id: 'a', passkeyTypes: 'deviceBound', ...members }] } });
    expect(found.problems).toEqual([]);
    expect(found.fido2?.profiles[0]?.attestationEnforced).toBe(enforced);
  });

  it('falls back to the default profile', () => {
    const found = rule({ fido2: { ...both, defaultPasskeyProfile: 'b', includeTargets: [{ targetType: 'group', id: 'all_users' }] } });
    expect(evaluateRegistration(found, FACTS).decision).toBe('refused');
  });
});

describe('evaluateAuthentication', () => {
  const facts = { aaguid: ID, backupEligible: false, userVerified: true };

  it('judges the model, but asks for no attestation', () => {
    expect(evaluateAuthentication(graph(), facts).decision).toBe('allowed');
    expect(failed(evaluateAuthentication(graph(), { ...facts, aaguid: OTHER }))).toEqual(['policy.keyRestrictions']);
    expect(evaluateAuthentication(graph(), { backupEligible: false, userVerified: true }).decision).toBe('undecided');
  });

  it('asks for user verification every time under the preset entra', () => {
    expect(failed(evaluateAuthentication(rule({ preset: 'entra' }), { ...facts, userVerified: false }))).toEqual(['policy.userVerification']);
  });
});

const DATA = path.resolve(import.meta.dirname, '../../../../shared/data');

describe.skipIf(!existsSync(DATA))('the preset entra beside the lists that are kept beside the checkout', () => {
  it('takes no model of the real BLOB that Microsoft does not list', () => {
    const blob = readFileSync(path.join(DATA, 'mds/mds-blob-31.jwt'), 'latin1');
    const { entries } = JSON.parse(Buffer.from(blob.split('.')[1] ?? '', 'base64url').toString()) as { entries: { aaguid?: string }[] };
    const listed = JSON.stringify(JSON.parse(readFileSync(path.join(DATA, 'entra-attested-aaguids.json'), 'utf8'))).toLowerCase();
    let taken = 0;
    for (const raw of entries) {
      const entry = decodeMetadataEntry(raw);
      if (raw.aaguid === undefined || !entry.ok) continue;
      const { certification } = judgeStatus(entry.value.statusReports, Date.UTC(2023, 6, 1));
      if (certification === undefined || missingCapabilities(entry.value.getInfo).length > 0) continue;
      taken += 1;
      expect(listed, entry.value.description).toContain(raw.aaguid);
    }
    expect(taken).toBeGreaterThan(60);
  });
});
