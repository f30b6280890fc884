import { MAX_MODEL_LISTS, MAX_MODELS_IN_LIST } from '../wire/requirement-limits.ts';
import { type JsonObject, type PolicyReader, has } from './problem.ts';

/** Which models a user may have. AAGUIDs are 32 hexadecimal digits in lower case. */
export interface KeyRestrictions {
  readonly type: 'allow' | 'block';
  readonly aaguids: readonly string[];
}

/** One way to be allowed: everything in it has to hold. */
export interface Profile {
  readonly name: string;
  /** Place in the policy. */
  readonly path: string;
  readonly attestationEnforced: boolean;
  readonly keyRestrictions?: KeyRestrictions;
  readonly allowsSynced: boolean;
  readonly allowsDeviceBound: boolean;
  /** False: whether the user is in its group is not known here. */
  readonly isCertain: boolean;
}

/** A tenant's FIDO2 configuration, as far as it matters in the browser. */
export interface Fido2Configuration {
  readonly isEnabled: boolean;
  readonly isSelfServiceRegistrationAllowed: boolean;
  /** `unknown`: it depends on groups that are not known here. */
  readonly isTargeted: 'yes' | 'no' | 'unknown';
  /** The user is allowed what any of them allows. */
  readonly profiles: readonly Profile[];
}

const MAX_TARGETS = 256;
const ALL_USERS = 'all_users';

/**
 * Reads the JSON of Microsoft Graph's `fido2AuthenticationMethodConfiguration` as it is: the older form
 * (`isAttestationEnforced`, `keyRestrictions`) and the newer one (`passkeyProfiles`). Members that are not known, as
 * `@odata.type`, are passed over; values that are not known are problems, because they may restrict.
 *
 * Source: Microsoft Graph v1.0, resource types fido2AuthenticationMethodConfiguration, passkeyProfile,
 * passkeyAuthenticationMethodTarget, fido2KeyRestrictions.
 *
 * @param groups the groups that the user is in; `undefined` when that is not known.
 */
export function readFido2Configuration(
  value: unknown,
  path: string,
  groups: readonly string[] | undefined,
  reader: PolicyReader,
): Fido2Configuration | undefined {
  const configuration = reader.object(value, path);
  if (configuration === undefined) return undefined;
  checkKind(configuration, path, reader);
  const state = reader.word(configuration, 'state', path, ['enabled', 'disabled']);
  const included = readTargets(configuration, 'includeTargets', path, groups, reader);
  const excluded = readTargets(configuration, 'excludeTargets', path, groups, reader);
  const profiles = readProfiles(configuration, path, reader);
  // An empty list names nobody; without one the configuration does not say.
  const isUnsaid = (configuration['includeTargets'] ?? undefined) === undefined;
  const isIncluded = isUnsaid ? 'yes' : strongest(included.map(({ isMember }) => isMember));
  const isExcluded = strongest(excluded.map(({ isMember }) => isMember));
  return {
    isEnabled: state !== 'disabled',
    isSelfServiceRegistrationAllowed: reader.boolean(configuration, 'isSelfServiceRegistrationAllowed', path, true),
    isTargeted: targeted(isIncluded, isExcluded),
    profiles:
      profiles.size === 0
        ? [readLegacyProfile(configuration, path, reader)]
        : assignProfiles(profiles, included, configuration, path, reader),
  };
}

const CONFIGURATION_MEMBERS: readonly string[] = [
  '@odata.type',
  'state',
  'isSelfServiceRegistrationAllowed',
  'isAttestationEnforced',
  'keyRestrictions',
  'includeTargets',
  'excludeTargets',
  'passkeyProfiles',
  'defaultPasskeyProfile',
];

/** Something else than a configuration, or one in another spelling, would restrict nothing. */
function checkKind(configuration: JsonObject, path: string, reader: PolicyReader): void {
  const members = Object.keys(configuration).map((member) => member.toLowerCase());
  if (members.length > 0 && !CONFIGURATION_MEMBERS.some((member) => members.includes(member.toLowerCase()))) {
    reader.problem(path, 'has nothing of a fido2AuthenticationMethodConfiguration');
  }
  reader.members(configuration, path, CONFIGURATION_MEMBERS, true);
  const type = configuration['@odata.type'];
  if (has(configuration, '@odata.type') && !(typeof type === 'string' && /[#.]fido2AuthenticationMethodConfiguration$/.test(type))) {
    reader.problem(`${path}.@odata.type`, 'has to be that of a fido2AuthenticationMethodConfiguration');
  }
}

type Membership = 'yes' | 'no' | 'unknown';

interface Target {
  readonly isMember: Membership;
  readonly profileIds: readonly string[];
  readonly path: string;
}

function strongest(memberships: readonly Membership[]): Membership {
  if (memberships.includes('yes')) return 'yes';
  return memberships.includes('unknown') ? 'unknown' : 'no';
}

/** An exclusion wins. */
function targeted(isIncluded: Membership, isExcluded: Membership): Membership {
  if (isExcluded === 'yes' || isIncluded === 'no') return 'no';
  return isExcluded === 'unknown' || isIncluded === 'unknown' ? 'unknown' : 'yes';
}

function readTargets(
  configuration: JsonObject,
  member: 'includeTargets' | 'excludeTargets',
  path: string,
  groups: readonly string[] | undefined,
  reader: PolicyReader,
): readonly Target[] {
  return reader.list(configuration, member, path, MAX_TARGETS).flatMap(({ value, path: place }) => {
    const target = reader.object(value, place);
    if (target === undefined) return [];
    reader.members(target, place, ['targetType', 'id', 'allowedPasskeyProfiles'], true);
    const kind = reader.word(target, 'targetType', place, ['group', 'user']);
    const { id } = target;
    if (typeof id !== 'string' || id === '') {
      reader.problem(`${place}.id`, 'has to be a text');
      return [];
    }
    const isNamed = groups?.some((group) => group.toLowerCase() === id.toLowerCase());
    // That a user is in no such group does not say that it is not this user.
    const isOpen = isNamed === undefined || kind === 'user';
    const isMember: Membership = id === ALL_USERS || isNamed === true ? 'yes' : isOpen ? 'unknown' : 'no';
    return [{ isMember, profileIds: reader.texts(target, 'allowedPasskeyProfiles', place, MAX_MODEL_LISTS), path: place }];
  });
}

type ReadProfile = Omit<Profile, 'isCertain'>;

const PROFILE_MEMBERS: readonly string[] = ['id', 'name', 'passkeyTypes', 'attestationEnforcement', 'isAttestationEnforced', 'keyRestrictions'];

function readProfiles(configuration: JsonObject, path: string, reader: PolicyReader): ReadonlyMap<string, ReadProfile> {
  const profiles = new Map<string, ReadProfile>();
  for (const { value, path: place } of reader.list(configuration, 'passkeyProfiles', path, MAX_MODEL_LISTS)) {
    const profile = reader.object(value, place);
    if (profile === undefined) continue;
    const { id, name } = profile;
    if (typeof id !== 'string' || id === '') {
      reader.problem(`${place}.id`, 'has to be a text');
      continue;
    }
    reader.members(profile, place, PROFILE_MEMBERS, true);
    const types = readPasskeyTypes(profile, place, reader);
    const enforcement = reader.word(profile, 'attestationEnforcement', place, ['disabled', 'registrationOnly']);
    // Graph's beta has had it as in the older form.
    const isEnforced = reader.boolean(profile, 'isAttestationEnforced', place, false);
    const keyRestrictions = readKeyRestrictions(profile, place, reader);
    profiles.set(id.toLowerCase(), {
      name: typeof name === 'string' ? name.slice(0, 256) : id.slice(0, 256),
      path: place,
      attestationEnforced: enforcement === undefined ? isEnforced : enforcement === 'registrationOnly',
      allowsDeviceBound: types.includes('deviceBound'),
      allowsSynced: types.includes('synced'),
      ...(keyRestrictions === undefined ? {} : { keyRestrictions }),
    });
  }
  return profiles;
}

function readPasskeyTypes(profile: JsonObject, path: string, reader: PolicyReader): readonly string[] {
  const value = profile['passkeyTypes'] ?? 'deviceBound,synced';
  const types = typeof value === 'string' ? value.split(',').map((type) => type.trim()) : [];
  const isKnown = types.length > 0 && types.every((type) => type === 'deviceBound' || type === 'synced');
  if (!isKnown) reader.problem(`${path}.passkeyTypes`, 'has to be deviceBound, synced, or both with a comma between');
  return types;
}

function readLegacyProfile(configuration: JsonObject, path: string, reader: PolicyReader): Profile {
  const keyRestrictions = readKeyRestrictions(configuration, path, reader);
  return {
    name: '',
    path,
    attestationEnforced: reader.boolean(configuration, 'isAttestationEnforced', path, false),
    allowsDeviceBound: true,
    allowsSynced: true,
    isCertain: true,
    ...(keyRestrictions === undefined ? {} : { keyRestrictions }),
  };
}

function assignProfiles(
  profiles: ReadonlyMap<string, ReadProfile>,
  targets: readonly Target[],
  configuration: JsonObject,
  path: string,
  reader: PolicyReader,
): readonly Profile[] {
  const standard = configuration['defaultPasskeyProfile'];
  const isKnown = typeof standard === 'string' && profiles.has(standard.toLowerCase());
  if (has(configuration, 'defaultPasskeyProfile') && !isKnown) reader.problem(`${path}.defaultPasskeyProfile`, 'names a profile that does not exist');
  const fallback = isKnown ? [standard] : [...profiles.keys()];
  const everybody: Target = { isMember: 'yes', profileIds: fallback, path };
  const assigned = new Map<string, Profile>();
  for (const { isMember, profileIds, path: place } of targets.length === 0 ? [everybody] : targets) {
    for (const id of profileIds.length === 0 ? fallback : profileIds) {
      const profile = profiles.get(id.toLowerCase());
      if (profile === undefined) {
        reader.problem(`${place}.allowedPasskeyProfiles`, `names the profile ${id.slice(0, 64)}, which does not exist`);
      } else if (isMember !== 'no') {
        const isCertain = isMember === 'yes' || assigned.get(profile.path)?.isCertain === true;
        assigned.set(profile.path, { ...profile, isCertain });
      }
    }
  }
  return [...assigned.values()];
}

function readKeyRestrictions(parent: JsonObject, path: string, reader: PolicyReader): KeyRestrictions | undefined {
  const value = parent['keyRestrictions'] ?? undefined;
  if (value === undefined) return undefined;
  const place = `${path}.keyRestrictions`;
  const restrictions = reader.object(value, place);
  if (restrictions === undefined) return undefined;
  reader.members(restrictions, place, ['isEnforced', 'enforcementType', 'aaGuids'], true);
  const listed = reader.list(restrictions, 'aaGuids', place, MAX_MODELS_IN_LIST);
  if (!has(restrictions, 'isEnforced') && listed.length > 0) reader.problem(`${place}.isEnforced`, 'is missing');
  if (!reader.boolean(restrictions, 'isEnforced', place, false)) return undefined;
  const type = reader.word(restrictions, 'enforcementType', place, ['allow', 'block']);
  const aaguids = listed.flatMap(({ value: text, path: entry }) => {
    const digits = typeof text === 'string' ? text.trim().replace(/^\{(.*)\}$/, '$1').replaceAll('-', '').toLowerCase() : '';
    if (/^[0-9a-f]{32}$/.test(digits)) return [digits];
    reader.problem(entry, 'has to be an AAGUID');
    return [];
  });
  if (!has(restrictions, 'enforcementType')) reader.problem(`${place}.enforcementType`, 'is missing');
  return type === undefined ? undefined : { type, aaguids };
}
