import { type Fido2Configuration, readFido2Configuration } from './entra.ts';
import { decodeDomain, decodeSiteOrigin } from '../webauthn/domain.ts';
import { type JsonObject, type PolicyProblem, PolicyReader, has } from './problem.ts';

/** What happens with what the verifier or the policy refuses. */
export const PolicyMode = {
  /** It is held back. */
  enforce: 'enforce',
  /** It goes to the site, and the popup tells. */
  warn: 'warn',
  /** The site's responses are not judged by the policy, and what the verifier finds is only recorded. */
  off: 'off',
} as const;
export type PolicyMode = (typeof PolicyMode)[keyof typeof PolicyMode];

/** The rule for some sites. */
export interface SiteRule {
  /** Place in the policy. */
  readonly path: string;
  readonly mode: PolicyMode;
  /** `entra`: predicts what Microsoft Entra ID accepts, beyond what its configuration says. */
  readonly preset?: 'entra';
  readonly fido2?: Fido2Configuration;
  readonly requireUserVerification: boolean;
  /** COSE identifiers; absent: all. */
  readonly algorithms?: readonly number[];
  readonly problems: readonly PolicyProblem[];
}

/** A policy that was read; what is wrong with it is part of it. */
export interface Policy {
  /** Everything that is wrong, for the popup. */
  readonly problems: readonly PolicyProblem[];
  /** The rule for a site, if there is one. */
  ruleFor(rpId: string, origin: string): SiteRule | undefined;
}

/** RP ID of Microsoft Entra ID, and hosts that a pasted configuration without sites is for. */
const ENTRA_RP_IDS: readonly string[] = ['login.microsoft.com', 'login.microsoftonline.com', '*.login.microsoftonline.com'];
const MAX_SITES = 64;
const MAX_PATTERNS = 256;

/** No policy: nothing is restricted. */
export const NO_POLICY: Policy = { problems: [], ruleFor: () => undefined };

interface MatchedRule {
  readonly rpIds: readonly string[];
  readonly origins: readonly string[];
  readonly rule: SiteRule;
}

/**
 * Reads a policy: `{sites: [...]}` of docs/POLICY.md, or a tenant's `fido2AuthenticationMethodConfiguration` as it is,
 * which then is for Entra's own sites; as JSON text or parsed. Never throws: whatever is wrong becomes a problem, and
 * what it was to restrict is refused. Where even the sites cannot be read, that is everywhere.
 */
export function readPolicy(value: unknown): Policy {
  const reader = new PolicyReader();
  const parsed = typeof value === 'string' ? parseText(value, reader) : value;
  const policy = parsed === undefined && reader.problems.length > 0 ? undefined : reader.object(parsed, 'policy');
  if (policy === undefined) return everywhere(reader.problems);
  if (!has(policy, 'sites') && ['state', 'passkeyProfiles', 'keyRestrictions', '@odata.type'].some((member) => member in policy)) {
    return compose([readSite({ rpIds: ENTRA_RP_IDS, preset: 'entra', fido2: policy }, 'policy')]);
  }
  if (!has(policy, 'sites')) reader.problem('sites', 'is missing');
  const sites = reader.list(policy, 'sites', '', MAX_SITES);
  if (reader.problems.length > 0) return everywhere(reader.problems.map((problem) => ({ ...problem, path: problem.path.replace(/^\./, '') })));
  return compose(sites.map((site) => readSite(site.value, site.path.replace(/^\./, ''))));
}

function parseText(text: string, reader: PolicyReader): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    reader.problem('policy', 'is not JSON');
    return undefined;
  }
}

function everywhere(problems: readonly PolicyProblem[]): Policy {
  const rule: SiteRule = { path: 'policy', mode: PolicyMode.enforce, requireUserVerification: false, problems };
  return { problems, ruleFor: () => rule };
}

function compose(sites: readonly MatchedRule[]): Policy {
  return {
    problems: sites.flatMap(({ rule }) => rule.problems),
    ruleFor: (rpId, origin) => sites.find((site) => isFor(site, rpId, origin))?.rule,
  };
}

function isFor({ rpIds, origins }: MatchedRule, rpId: string, origin: string): boolean {
  return origins.includes(origin) || rpIds.some((pattern) => matches(pattern, rpId));
}

function matches(pattern: string, rpId: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? rpId.endsWith(pattern.slice(1)) : rpId === pattern;
}

/** What a site's rule may say. */
const SITE_MEMBERS: readonly string[] = ['rpIds', 'origins', 'groups', 'fido2', 'preset', 'mode', 'userVerification', 'algorithms'];

function readSite(value: unknown, path: string): MatchedRule {
  const reader = new PolicyReader();
  const site = reader.object(value, path) ?? {};
  const rpIds = readNames(site, 'rpIds', path, decodePattern, 'has to be *, a domain as example.org, or *. and a domain', reader);
  const origins = readNames(site, 'origins', path, decodeSiteOrigin, 'has to be an origin as https://example.org', reader);
  if (reader.problems.length === 0 && rpIds.length + origins.length === 0) reader.problem(`${path}.rpIds`, 'names no site');
  // A site that cannot be told is every site.
  const isUntold = reader.problems.length > 0;
  reader.members(site, path, SITE_MEMBERS, false);
  const groups = has(site, 'groups') ? reader.texts(site, 'groups', path, MAX_PATTERNS * 4) : undefined;
  const fido2 = has(site, 'fido2') ? readFido2Configuration(site['fido2'], nested(path, 'fido2'), groups, reader) : undefined;
  const preset = reader.word(site, 'preset', path, ['entra']);
  const mode = reader.word(site, 'mode', path, Object.values(PolicyMode));
  const userVerification = reader.word(site, 'userVerification', path, ['required']);
  const algorithms = has(site, 'algorithms') ? readAlgorithms(site, path, reader) : undefined;
  return {
    rpIds: isUntold ? ['*'] : rpIds,
    origins,
    rule: {
      path,
      mode: mode ?? PolicyMode.enforce,
      requireUserVerification: userVerification === 'required' || preset === 'entra',
      ...(preset === undefined ? {} : { preset }),
      ...(fido2 === undefined ? {} : { fido2 }),
      ...(algorithms === undefined ? {} : { algorithms }),
      problems: reader.problems,
    },
  };
}

/** The names of a list, as browsers write them; those that no site can have are problems. */
function readNames(
  site: JsonObject,
  member: 'rpIds' | 'origins',
  path: string,
  decode: (text: string) => string | undefined,
  reason: string,
  reader: PolicyReader,
): readonly string[] {
  return reader.list(site, member, path, MAX_PATTERNS).flatMap(({ value, path: place }): readonly string[] => {
    const name = typeof value === 'string' ? decode(value) : undefined;
    if (name === undefined) reader.problem(place, reason);
    return name === undefined ? [] : [name];
  });
}

function decodePattern(text: string): string | undefined {
  const pattern = text.trim();
  if (pattern === '*') return pattern;
  const prefix = pattern.startsWith('*.') ? '*.' : '';
  const domain = decodeDomain(pattern.slice(prefix.length));
  return domain === undefined ? undefined : `${prefix}${domain}`;
}

/** A configuration that was pasted without sites has its members at the top. */
function nested(path: string, member: string): string {
  return path === 'policy' ? path : `${path}.${member}`;
}

function readAlgorithms(site: JsonObject, path: string, reader: PolicyReader): readonly number[] {
  return reader.list(site, 'algorithms', path, 64).flatMap(({ value, path: place }) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return [value];
    reader.problem(place, 'has to be a COSE algorithm number');
    return [];
  });
}
