import { type Fido2Configuration, readFido2Configuration } from './entra.ts';
import { type PolicyProblem, PolicyReader } from './problem.ts';

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
  if (policy['sites'] === undefined && ['state', 'passkeyProfiles', 'keyRestrictions', '@odata.type'].some((member) => member in policy)) {
    return compose([readSite({ rpIds: ENTRA_RP_IDS, preset: 'entra', fido2: policy }, 'policy')]);
  }
  if (policy['sites'] === undefined) reader.problem('sites', 'is missing');
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

function readSite(value: unknown, path: string): MatchedRule {
  const reader = new PolicyReader();
  const site = reader.object(value, path);
  const rpIds = site === undefined ? [] : reader.texts(site, 'rpIds', path, MAX_PATTERNS);
  const origins = site === undefined ? [] : reader.texts(site, 'origins', path, MAX_PATTERNS);
  if (site !== undefined && reader.problems.length === 0 && rpIds.length + origins.length === 0) {
    reader.problem(`${path}.rpIds`, 'names no site');
  }
  // A site that cannot be told is every site.
  const isUntold = reader.problems.length > 0;
  const groups = site?.['groups'] === undefined ? undefined : reader.texts(site, 'groups', path, MAX_PATTERNS * 4);
  const fido2 = site?.['fido2'] === undefined ? undefined : readFido2Configuration(site['fido2'], nested(path, 'fido2'), groups, reader);
  const preset = site && reader.word(site, 'preset', path, ['entra']);
  const mode = site && reader.word(site, 'mode', path, Object.values(PolicyMode));
  const userVerification = site && reader.word(site, 'userVerification', path, ['required']);
  const algorithms = site?.['algorithms'] === undefined ? undefined : readAlgorithms(site, path, reader);
  return {
    rpIds: isUntold ? ['*'] : rpIds.map((pattern) => pattern.toLowerCase()),
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

/** A configuration that was pasted without sites has its members at the top. */
function nested(path: string, member: string): string {
  return path === 'policy' ? path : `${path}.${member}`;
}

function readAlgorithms(site: Readonly<Record<string, unknown>>, path: string, reader: PolicyReader): readonly number[] {
  return reader.list(site, 'algorithms', path, 64).flatMap(({ value, path: place }) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return [value];
    reader.problem(place, 'has to be a COSE algorithm number');
    return [];
  });
}
