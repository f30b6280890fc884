import { algorithmName } from '../cose/algorithms.ts';
import type { StatusJudgement } from '../verifier/mds/status.ts';
import type { PublishedGetInfo } from '../verifier/mds/entry.ts';
import { NO_AAGUID } from '../webauthn/authenticator-data.ts';
import type { KeyRestrictions, Profile } from './entra.ts';
import type { SiteRule } from './policy.ts';

/** Everything that a policy may ask. */
export type PolicyCheckId =
  | 'policy.valid'
  | 'policy.state'
  | 'policy.targets'
  | 'policy.selfService'
  | 'policy.keyRestrictions'
  | 'policy.passkeyType'
  | 'policy.attestation'
  | 'policy.certification'
  | 'policy.status'
  | 'policy.capabilities'
  | 'policy.userVerification'
  | 'policy.algorithm';

/** One finding. `undecided`: what it takes to decide is not known here. */
export interface PolicyFinding {
  readonly id: PolicyCheckId;
  /** Place in the policy. */
  readonly path: string;
  readonly state: 'pass' | 'fail' | 'undecided';
  readonly detail: string;
}

/** What the policy says. `refused`: something fails; `undecided`: nothing fails, but something is not known. */
export interface PolicyJudgement {
  readonly decision: 'allowed' | 'refused' | 'undecided';
  readonly findings: readonly PolicyFinding[];
}

/** What a key must be, as far as it tells by itself before it is used. */
export interface KeyRequirements {
  /** A key is allowed that any of them allows; empty: every key is. */
  readonly aaguids: readonly KeyRestrictions[];
  readonly residentKey: boolean;
  readonly userVerification: boolean;
  readonly hmacSecret: boolean;
}

/** What is known of a new credential. */
export interface RegistrationFacts {
  /** 32 hexadecimal digits, lower case. */
  readonly aaguid: string;
  readonly fmt: string;
  /** Absent when the statement was not verified. */
  readonly attestation?: { readonly type: 'none' | 'self' | 'certified'; readonly isTrusted: boolean };
  readonly backupEligible: boolean;
  readonly userVerified: boolean;
  /** COSE identifier. */
  readonly algorithm?: number;
  /** `none`: there is no metadata; `unknown`: it does not have the model; `unusable`: it does, in a form that cannot be read. */
  readonly metadata: 'none' | 'unknown' | 'unusable' | { readonly status: StatusJudgement; readonly getInfo?: PublishedGetInfo };
  /** Why there is none, in the host's words. */
  readonly metadataProblem?: string;
}

/** What is known of a credential that signed. */
export interface AuthenticationFacts {
  /** From the registration, where it was seen. */
  readonly aaguid?: string;
  readonly backupEligible: boolean;
  readonly userVerified: boolean;
  readonly algorithm?: number;
}

type Kind = 'registration' | 'authentication';

/** Judges a rule as far as it says something about the person and the site alone, before any key is looked at. */
export function evaluateRequest(rule: SiteRule, kind: Kind): PolicyJudgement {
  const findings: PolicyFinding[] = rule.problems
    .filter(({ restricts }) => kind === 'registration' || restricts === 'everything')
    .map(({ path, reason }) => ({ id: 'policy.valid', path, state: 'fail', detail: `The policy is not valid: ${path} ${reason}.` }));
  const { fido2, path } = rule;
  if (fido2 !== undefined) {
    if (!fido2.isEnabled) findings.push(fail('policy.state', `${path}.state`, 'Security keys are disabled for this site.'));
    if (fido2.isTargeted === 'no') findings.push(fail('policy.targets', `${path}.includeTargets`, 'Security keys are not enabled for this user.'));
    if (fido2.isTargeted === 'unknown') {
      findings.push({ id: 'policy.targets', path: `${path}.includeTargets`, state: 'undecided', detail: 'It depends on groups whose members are not known here.' });
    }
    if (kind === 'registration' && !fido2.isSelfServiceRegistrationAllowed) {
      findings.push(fail('policy.selfService', `${path}.isSelfServiceRegistrationAllowed`, 'Users may not register keys themselves.'));
    }
  }
  return judge(findings);
}

/** What the host is to ask of a key before it uses it, so that no credential is made that would be refused. */
export function keyRequirements(rule: SiteRule, kind: Kind): KeyRequirements {
  const profiles = rule.fido2?.profiles ?? [];
  const restrictions = profiles.flatMap(({ keyRestrictions }) => keyRestrictions ?? []);
  const isEntra = rule.preset === 'entra' && kind === 'registration';
  return {
    // A profile without restrictions allows every key.
    aaguids: restrictions.length === profiles.length ? restrictions : [],
    residentKey: isEntra,
    userVerification: rule.requireUserVerification,
    hmacSecret: isEntra && profiles.length > 0 && profiles.every(({ attestationEnforced }) => attestationEnforced),
  };
}

/** Whether a model may be used under any of the restrictions. */
export function isModelAllowed(restrictions: readonly KeyRestrictions[], aaguid: string): boolean {
  return restrictions.length === 0 || restrictions.some(({ type, aaguids }) => aaguids.includes(aaguid) === (type === 'allow'));
}

/** Judges a new credential. */
export function evaluateRegistration(rule: SiteRule, facts: RegistrationFacts): PolicyJudgement {
  return evaluateProfiles(rule, [...evaluateRequest(rule, 'registration').findings, ...commonFindings(rule, facts)], (profile) => [
    ...profileFindings(profile, facts),
    ...attestationFindings(rule, profile, facts),
  ]);
}

/** Judges a signature: attestation is not asked for again, restrictions are. */
export function evaluateAuthentication(rule: SiteRule, facts: AuthenticationFacts): PolicyJudgement {
  return evaluateProfiles(rule, [...evaluateRequest(rule, 'authentication').findings, ...commonFindings(rule, facts)], (profile) =>
    profileFindings(profile, facts),
  );
}

/** One profile that holds in full is enough. */
function evaluateProfiles(rule: SiteRule, common: readonly PolicyFinding[], evaluate: (profile: Profile) => readonly PolicyFinding[]): PolicyJudgement {
  const profiles = rule.fido2?.profiles ?? [];
  if (profiles.length === 0) return judge(common);
  const judged = profiles.map((profile) => {
    const findings = [...evaluate(profile)];
    if (!profile.isCertain) {
      findings.push({ id: 'policy.targets', path: profile.path, state: 'undecided', detail: 'Whether the user has this profile is not known here.' });
    }
    return judge([...common, ...findings]);
  });
  const failing = ({ findings }: PolicyJudgement): number => findings.filter(({ state }) => state === 'fail').length;
  const best =
    judged.find(({ decision }) => decision === 'allowed') ??
    judged.find(({ decision }) => decision === 'undecided') ??
    judged.reduce((least, each) => (failing(each) < failing(least) ? each : least));
  return best;
}

function commonFindings(rule: SiteRule, facts: RegistrationFacts | AuthenticationFacts): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = [];
  if (rule.requireUserVerification) {
    findings.push(
      facts.userVerified
        ? pass('policy.userVerification', rule.path, 'The user was verified.')
        : fail('policy.userVerification', rule.path, 'The policy asks for a PIN or a fingerprint, and none was used.'),
    );
  }
  if (rule.algorithms !== undefined && facts.algorithm !== undefined) {
    const name = algorithmName(facts.algorithm);
    findings.push(
      rule.algorithms.includes(facts.algorithm)
        ? pass('policy.algorithm', `${rule.path}.algorithms`, `${name} is allowed.`)
        : fail('policy.algorithm', `${rule.path}.algorithms`, `${name} is not allowed.`),
    );
  }
  return findings;
}

function profileFindings(profile: Profile, facts: RegistrationFacts | AuthenticationFacts): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = [];
  const isAllowedType = facts.backupEligible ? profile.allowsSynced : profile.allowsDeviceBound;
  if (!isAllowedType || !profile.allowsSynced) {
    const detail = isAllowedType ? 'The credential stays on its key.' : `Credentials that ${facts.backupEligible ? 'can be copied' : 'stay on one device'} are not allowed.`;
    findings.push(isAllowedType ? pass('policy.passkeyType', `${profile.path}.passkeyTypes`, detail) : fail('policy.passkeyType', `${profile.path}.passkeyTypes`, detail));
  }
  const { keyRestrictions } = profile;
  if (keyRestrictions !== undefined) {
    const path = `${profile.path}.keyRestrictions`;
    if (facts.aaguid === undefined) {
      findings.push({ id: 'policy.keyRestrictions', path, state: 'undecided', detail: 'The model of the key is not known.' });
    } else if (isModelAllowed([keyRestrictions], facts.aaguid)) {
      findings.push(pass('policy.keyRestrictions', path, 'The model of the key is allowed.'));
    } else {
      findings.push(fail('policy.keyRestrictions', path, keyRestrictions.type === 'allow' ? 'The model of the key is not among those that are allowed.' : 'The model of the key is blocked.'));
    }
  }
  return findings;
}

const FORMATS_WITHOUT_ENFORCEMENT: readonly string[] = ['none', 'packed', 'tpm'];

function attestationFindings({ preset }: SiteRule, profile: Profile, facts: RegistrationFacts): readonly PolicyFinding[] {
  const path = profile.path;
  const isEntra = preset === 'entra';
  const likely = isEntra ? 'The site will likely refuse it: ' : '';
  const { attestation, metadata, fmt, aaguid } = facts;
  if (!profile.attestationEnforced) {
    const isOdd = isEntra && !FORMATS_WITHOUT_ENFORCEMENT.includes(fmt) && fmt.length > 32;
    return isOdd ? [fail('policy.attestation', path, `${likely}the attestation's format is not one that it takes.`)] : [];
  }
  if (facts.backupEligible) return [fail('policy.attestation', path, `${likely}credentials that can be copied cannot be attested.`)];
  if (isEntra && fmt !== 'packed') return [fail('policy.attestation', path, `${likely}the attestation is of the format ${fmt.slice(0, 32)}, not packed.`)];
  if (attestation === undefined) {
    return [{ id: 'policy.attestation', path, state: 'undecided', detail: `The attestation (${fmt.slice(0, 32)}) cannot be verified here.` }];
  }
  if (attestation.type !== 'certified') return [fail('policy.attestation', path, `${likely}the key does not attest its make by a certificate.`)];
  if (fmt === 'fido-u2f' && aaguid !== NO_AAGUID && profile.keyRestrictions !== undefined) {
    return [fail('policy.attestation', path, 'A U2F attestation does not sign the AAGUID, by which models are told apart.')];
  }
  if (metadata === 'none') {
    const why = facts.metadataProblem === undefined ? '' : ` ${facts.metadataProblem}`;
    return [{ id: 'policy.attestation', path, state: 'undecided', detail: `Without FIDO metadata the origin of the attestation cannot be verified.${why}` }];
  }
  // It may say that the model is revoked.
  if (metadata === 'unusable') return [fail('policy.attestation', path, 'What the FIDO metadata says of the model cannot be read.')];
  if (metadata === 'unknown') return [fail('policy.attestation', path, `${likely}the FIDO metadata does not have the model.`)];
  if (!attestation.isTrusted) return [fail('policy.attestation', path, `${likely}the attestation does not lead to a root of the model.`)];
  const findings = [pass('policy.attestation', path, 'The attestation leads to a root of the model.')];
  const { denied, certification } = metadata.status;
  findings.push(
    denied.length === 0
      ? pass('policy.status', path, 'No report speaks against the model.')
      : fail('policy.status', path, `${likely}the model is reported as ${denied.join(', ')}.`),
  );
  if (!isEntra) return findings;
  findings.push(
    certification === undefined
      ? fail('policy.certification', path, `${likely}the model is not FIDO certified.`)
      : pass('policy.certification', path, `The model is certified (${certification}).`),
  );
  const missing = missingCapabilities(metadata.getInfo);
  findings.push(
    missing.length === 0
      ? pass('policy.capabilities', path, 'The model can do what the site asks for.')
      : fail('policy.capabilities', path, `${likely}the model lacks ${missing.join(', ')}.`),
  );
  return findings;
}

/** What Entra asks of a model with enforced attestation. Source: Microsoft Entra documentation, "FIDO2 hardware vendors". */
export function missingCapabilities(info: PublishedGetInfo | undefined): readonly string[] {
  if (info === undefined) return ['published facts about itself'];
  const { versions, extensions, options } = info;
  const isAble: Readonly<Record<string, boolean>> = {
    'FIDO 2.0 or later': versions.some((version) => version.startsWith('FIDO_2_')),
    'discoverable credentials': options['rk'] === true,
    'a PIN or user verification': 'clientPin' in options || 'uv' in options,
    'hmac-secret or prf': extensions.includes('hmac-secret') || extensions.includes('prf'),
  };
  return Object.entries(isAble).flatMap(([name, able]) => (able ? [] : [name]));
}

function judge(findings: readonly PolicyFinding[]): PolicyJudgement {
  if (findings.some(({ state }) => state === 'fail')) return { decision: 'refused', findings };
  return { decision: findings.some(({ state }) => state === 'undecided') ? 'undecided' : 'allowed', findings };
}

function pass(id: PolicyCheckId, path: string, detail: string): PolicyFinding {
  return { id, path, state: 'pass', detail };
}

function fail(id: PolicyCheckId, path: string, detail: string): PolicyFinding {
  return { id, path, state: 'fail', detail };
}
