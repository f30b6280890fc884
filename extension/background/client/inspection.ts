import { decodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { encodeHex } from '../../../shared/bytes/hex.ts';
import type { PolicyJudgement } from '../../../shared/policy/evaluate.ts';
import type { VerificationReport } from '../../../shared/verifier/report.ts';
import type { AuthenticationInput } from '../../../shared/verifier/verify-authentication.ts';
import type { RegistrationInput, RegistrationVerification } from '../../../shared/verifier/verify-registration.ts';
import { parseAttestationObject } from '../../../shared/webauthn/attestation-object.ts';
import type { AuthenticatorData } from '../../../shared/webauthn/authenticator-data.ts';
import type { AuthenticationResponseJson, RegistrationResponseJson } from '../../../shared/webauthn/json.ts';
import { type CeremonyInspection, type InspectedCheck, MAX_CLIENT_DATA_TEXT } from '../../../shared/wire/inspector.ts';
import type { MetadataLookup } from '../../../shared/wire/metadata.ts';
import type { Certificate } from '../../../shared/x509/certificate.ts';
import type { DistinguishedName } from '../../../shared/x509/name.ts';
import { Oid } from '../../../shared/x509/oid.ts';
import type { HostSession } from '../native-port.ts';
import { certificatesOf } from './metadata.ts';
import { recordAuthentication, recordRegistration } from './recording.ts';

/** Milliseconds that the host has for the name of a model; nobody but the popup waits for it. */
const NAME_DEADLINE = 2_000;
const MAX_CHECKS = 128;

/** How a registration was judged. */
export interface JudgedRegistration {
  readonly input: RegistrationInput & { readonly response: RegistrationResponseJson };
  readonly verification: RegistrationVerification;
  readonly policy: PolicyJudgement | undefined;
  /** Where the metadata was asked already. */
  readonly model: MetadataLookup | undefined;
  readonly session: HostSession;
}

/** How an authentication was judged. */
export interface JudgedAuthentication {
  readonly input: AuthenticationInput & { readonly response: AuthenticationResponseJson };
  readonly report: VerificationReport;
  readonly policy: PolicyJudgement | undefined;
  readonly authenticatorData: AuthenticatorData | undefined;
  /** 16 bytes, from the registration where it was seen. */
  readonly aaguid: Bytes | undefined;
  readonly session: HostSession;
}

/** Describes a registration for the popup's details. To be called after the page's answer: it may ask the host for a name. */
export async function inspectRegistration({ input, verification, policy, model, session }: JudgedRegistration): Promise<CeremonyInspection> {
  const { clientDataJSON, attestationObject } = input.response.response;
  const parsed = parseAttestationObject(decodeBase64url(attestationObject) ?? new Uint8Array());
  const data = parsed.ok ? parsed.value.authenticatorData : undefined;
  const aaguid = data?.attestedCredentialData?.aaguid;
  const { attestation } = verification;
  const recording = recordRegistration(input);
  return {
    ...common(verification.report, policy, clientDataJSON, data),
    ...(await modelOf(session, aaguid, model)),
    ...(parsed.ok
      ? {
          attestation: {
            fmt: parsed.value.fmt.slice(0, 64),
            type: attestation?.type ?? ('unverified' as const),
            isTrusted: attestation?.isTrusted ?? false,
            certificates: (attestation?.trustPath ?? certificatesOf(parsed.value.attStmt)).slice(0, 8).map(subjectOf),
          },
        }
      : {}),
    ...(recording === undefined ? {} : { recording }),
  };
}

/** Describes an authentication for the popup's details, as {@link inspectRegistration}. */
export async function inspectAuthentication(judged: JudgedAuthentication): Promise<CeremonyInspection> {
  const { input, report, policy, authenticatorData, aaguid, session } = judged;
  const recording = recordAuthentication(input, authenticatorData);
  return {
    ...common(report, policy, input.response.response.clientDataJSON, authenticatorData),
    ...(await modelOf(session, aaguid, undefined)),
    ...(recording === undefined ? {} : { recording }),
  };
}

function common(
  { verdict, checks }: VerificationReport,
  policy: PolicyJudgement | undefined,
  clientDataJson: string,
  data: AuthenticatorData | undefined,
): CeremonyInspection {
  const all: InspectedCheck[] = [
    ...checks,
    ...(policy?.findings ?? []).map(({ id, path, state, detail }) => ({ id, spec: path, state, detail })),
  ];
  return {
    verdict,
    checks: all.slice(0, MAX_CHECKS).map(({ id, spec, state, detail }) => ({ id, spec: spec.slice(0, 256), state, detail: detail.slice(0, 256) })),
    clientData: new TextDecoder().decode(decodeBase64url(clientDataJson)).slice(0, MAX_CLIENT_DATA_TEXT),
    ...(data === undefined ? {} : { authenticatorData: { flags: data.flags, signCount: data.signCount } }),
  };
}

/** The AAGUID, and the model's name where the host knows one. */
async function modelOf(
  session: HostSession,
  aaguid: Bytes | undefined,
  known: MetadataLookup | undefined,
): Promise<Pick<CeremonyInspection, 'aaguid' | 'model'>> {
  if (aaguid === undefined) return {};
  const hex = encodeHex(aaguid);
  const hyphenated = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const found = known ?? (aaguid.some((byte) => byte !== 0) ? await lookUpName(session, hex) : undefined);
  const name = found?.entry?.description ?? found?.name;
  return { aaguid: hyphenated, ...(name === undefined ? {} : { model: name.slice(0, 256) }) };
}

async function lookUpName(session: HostSession, aaguid: string): Promise<MetadataLookup | undefined> {
  const answer = await session.request('metadata.lookup', { aaguid }, { signal: AbortSignal.timeout(NAME_DEADLINE) });
  return answer.ok ? answer.value : undefined;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  [Oid.commonName]: 'CN',
  [Oid.organizationalUnitName]: 'OU',
  [Oid.organizationName]: 'O',
  [Oid.countryName]: 'C',
};

function subjectOf({ subject }: Certificate): string {
  return textOf(subject).slice(0, 256);
}

function textOf({ attributes }: DistinguishedName): string {
  return attributes.map(({ type, value }) => `${SHORT_NAMES[type] ?? type}=${value ?? '…'}`).join(', ');
}
