import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { type ChallengePurpose, type Challenges } from './challenges.ts';
import { type DeviceKind, findUserById, findUserByName, type TenantCredential, type TenantUser } from './data.ts';
import { type Refusal, refusal, type RefusalReason } from './refusals.ts';
import { type ClientDataSummary, decodeAuthenticationResponse, decodeClientData, decodeRegistrationResponse } from './responses.ts';
import { type Session } from './sessions.ts';
import { type TenantStore } from './store.ts';

/** How much the tenant wants to know about the key at registration. */
export type Attestation = 'none' | 'direct' | 'enterprise';

/** An origin the tenant accepts answers from, and the RP ID that goes with it. */
export interface AcceptedOrigin {
  readonly origin: string;
  readonly rpId: string;
}

/** What a relying party is made of. */
export interface RelyingPartyParts {
  readonly store: TenantStore;
  readonly challenges: Challenges;
  readonly clock: () => number;
  readonly rpName: string;
  readonly origins: readonly AcceptedOrigin[];
  /** Top-level origins that may hold the tenant in a frame when a credential is made or used. */
  readonly topOrigins: readonly string[];
  readonly attestation: Attestation;
}

/** A value, or the reason there is none. */
export type Outcome<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal };

/** A credential that passed the tenant's verification, and whose it is. */
export interface VerifiedCredential {
  readonly user: TenantUser;
  readonly credential: TenantCredential;
  readonly userVerified: boolean;
}

/** ES256 and RS256, in this order: what Entra ID asks for. */
const ALGORITHMS = [-7, -257];
const TIMEOUT_MS = 10 * 60_000;
const MAX_CREDENTIALS = 10;

/**
 * The tenant's WebAuthn rules: discoverable credentials, user verification always, one key once. All cryptographic
 * judgement is @simplewebauthn/server's.
 */
export class RelyingParty {
  readonly #parts: RelyingPartyParts;

  constructor(parts: RelyingPartyParts) {
    this.#parts = parts;
  }

  /** Creation options for the signed-in user, with a challenge bound to the session. */
  async registrationOptions(
    session: Session,
    userId: string,
    rpId: string,
    device: DeviceKind,
  ): Promise<Outcome<PublicKeyCredentialCreationOptionsJSON>> {
    const user = findUserById(this.#parts.store.data, userId);
    if (!user) return refuse('sign-in-needed');
    if (user.credentials.length >= MAX_CREDENTIALS) return refuse('too-many-keys');
    const options = await generateRegistrationOptions({
      rpName: this.#parts.rpName,
      rpID: rpId,
      userName: user.name,
      userDisplayName: user.displayName,
      userID: new Uint8Array(Buffer.from(user.id, 'base64url')),
      challenge: this.#parts.challenges.issue(session.id, { type: 'registration', rpId, userId, device }),
      timeout: TIMEOUT_MS,
      attestationType: this.#parts.attestation,
      excludeCredentials: descriptors(user, rpId),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
      preferredAuthenticatorType: 'securityKey',
    });
    return { ok: true, value: options };
  }

  /** Verifies a registration response of untrusted form and keeps the credential, named `name`. */
  async verifyRegistration(session: Session, value: unknown, name: string): Promise<Outcome<VerifiedCredential>> {
    const decoded = decodeRegistrationResponse(value);
    if (!decoded) return refuse('bad-request', 'not a RegistrationResponseJSON');
    const clientData = this.#clientData(session, 'registration', decoded.json.response.clientDataJSON);
    if (!clientData.ok) return clientData;
    const { challenge, purpose } = clientData.value;
    if (purpose.userId !== session.signedIn?.userId) return refuse('wrong-user', 'the session changed its user');

    const verified = await attempt(() =>
      verifyRegistrationResponse({
        response: decoded.json,
        expectedChallenge: challenge,
        expectedOrigin: this.#originsOf(purpose.rpId),
        expectedRPID: purpose.rpId,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    );
    if (!verified.ok) return verified;
    if (!verified.value.verified) return refuse('signature-invalid', 'the attestation signature does not verify');
    const { fmt, aaguid, userVerified, credential: key } = verified.value.registrationInfo;

    const credential: TenantCredential = {
      id: key.id,
      publicKey: Buffer.from(key.publicKey).toString('base64url'),
      counter: key.counter,
      transports: [...decoded.transports],
      aaguid,
      fmt,
      rpId: purpose.rpId,
      name,
      device: purpose.device,
      createdAt: this.#parts.clock(),
      lastUsedAt: null,
    };
    return this.#parts.store.update((draft): Outcome<VerifiedCredential> => {
      const user = findUserById(draft, purpose.userId);
      if (!user) return refuse('sign-in-needed');
      // WebAuthn L3 §7.1: the credential ID must not be registered yet, for any user.
      if (draft.users.some(({ credentials }) => credentials.some(({ id }) => id === credential.id))) return refuse('already-registered');
      if (user.credentials.length >= MAX_CREDENTIALS) return refuse('too-many-keys');
      user.credentials.push(credential);
      return { ok: true, value: { user, credential, userVerified } };
    });
  }

  /** Request options: with an empty list for a sign-in without user name, else with the user's keys. */
  async authenticationOptions(
    session: Session,
    rpId: string,
    userName: string | undefined,
  ): Promise<Outcome<PublicKeyCredentialRequestOptionsJSON>> {
    const user = userName === undefined ? undefined : findUserByName(this.#parts.store.data, userName);
    const allowCredentials = user ? descriptors(user, rpId) : [];
    if (userName !== undefined && allowCredentials.length === 0) return refuse('unknown-user');
    const options = await generateAuthenticationOptions({
      rpID: rpId,
      challenge: this.#parts.challenges.issue(session.id, { type: 'authentication', rpId, userId: user?.id }),
      timeout: TIMEOUT_MS,
      userVerification: 'required',
      allowCredentials,
    });
    return { ok: true, value: options };
  }

  /** Verifies an authentication response of untrusted form and keeps the new signature counter. */
  async verifyAuthentication(session: Session, value: unknown): Promise<Outcome<VerifiedCredential>> {
    const response = decodeAuthenticationResponse(value);
    if (!response) return refuse('bad-request', 'not an AuthenticationResponseJSON');
    const clientData = this.#clientData(session, 'authentication', response.response.clientDataJSON);
    if (!clientData.ok) return clientData;
    const { challenge, purpose } = clientData.value;

    const owner = this.#ownerOf(response, purpose);
    if (!owner.ok) return owner;
    const { user, credential } = owner.value;

    const verified = await attempt(() =>
      verifyAuthenticationResponse({
        response,
        expectedChallenge: challenge,
        expectedOrigin: this.#originsOf(purpose.rpId),
        expectedRPID: purpose.rpId,
        expectedTopOrigin: [...this.#parts.topOrigins],
        requireUserVerification: true,
        credential: {
          id: credential.id,
          publicKey: new Uint8Array(Buffer.from(credential.publicKey, 'base64url')),
          counter: credential.counter,
        },
      }),
    );
    if (!verified.ok) return verified;
    if (!verified.value.verified) return refuse('signature-invalid', 'the assertion signature does not verify');
    const { newCounter, userVerified } = verified.value.authenticationInfo;

    return this.#parts.store.update((draft): Outcome<VerifiedCredential> => {
      const current = findUserById(draft, user.id)?.credentials.find(({ id }) => id === credential.id);
      if (!current) return refuse('unknown-credential', 'the credential was deleted meanwhile');
      current.counter = newCounter;
      current.lastUsedAt = this.#parts.clock();
      return { ok: true, value: { user, credential: current, userVerified } };
    });
  }

  /** WebAuthn L3 §7.2: the credential must be the named user's, or the user handle must name its owner. */
  #ownerOf(
    response: AuthenticationResponseJSON,
    purpose: Extract<ChallengePurpose, { type: 'authentication' }>,
  ): Outcome<{ user: TenantUser; credential: TenantCredential }> {
    const { userHandle } = response.response;
    const owned = this.#parts.store.data.users
      .flatMap((user) => user.credentials.map((credential) => ({ user, credential })))
      .find(({ credential }) => credential.id === response.id && credential.rpId === purpose.rpId);
    if (!owned) return refuse('unknown-credential');
    const isNamedUser = purpose.userId === undefined || purpose.userId === owned.user.id;
    const isHandleRight = userHandle === undefined ? purpose.userId !== undefined : userHandle === owned.user.id;
    if (!isNamedUser) return refuse('wrong-user', 'the credential is of another user than the one named');
    if (!isHandleRight) return refuse('wrong-user', userHandle === undefined ? 'no user handle' : 'the user handle is of another user');
    return { ok: true, value: owned };
  }

  #clientData<Type extends ChallengePurpose['type']>(
    session: Session,
    type: Type,
    clientDataJson: string,
  ): Outcome<{ challenge: string; purpose: Extract<ChallengePurpose, { type: Type }> }> {
    const clientData = decodeClientData(clientDataJson);
    if (!clientData) return refuse('bad-request', 'clientDataJSON is not client data');
    const taken = this.#parts.challenges.take(session.id, type, clientData.challenge);
    if (!taken.ok) return refuse(taken.reason);
    if (!this.#isFrameAllowed(clientData)) return refuse('cross-origin-frame', `top origin ${clientData.topOrigin ?? 'not told'}`);
    return { ok: true, value: { challenge: clientData.challenge, purpose: taken.purpose } };
  }

  #isFrameAllowed({ crossOrigin, topOrigin }: ClientDataSummary): boolean {
    if (!crossOrigin) return topOrigin === undefined;
    return topOrigin !== undefined && this.#parts.topOrigins.includes(topOrigin);
  }

  #originsOf(rpId: string): string[] {
    return this.#parts.origins.filter((accepted) => accepted.rpId === rpId).map(({ origin }) => origin);
  }
}

function refuse(reason: RefusalReason, detail?: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: refusal(reason, detail) };
}

function descriptors(user: TenantUser, rpId: string): { id: string; transports: string[] }[] {
  return user.credentials
    .filter((credential) => credential.rpId === rpId)
    .map(({ id, transports }) => ({ id, transports }));
}

/** What the verification library says in prose, as stable codes; the first match counts. */
const REASONS: readonly (readonly [RegExp, RefusalReason])[] = [
  [/top origin/i, 'cross-origin-frame'],
  [/response origin/i, 'wrong-origin'],
  [/RP ID/i, 'wrong-rp-id'],
  [/response type/i, 'wrong-type'],
  [/could not be verified/i, 'user-not-verified'],
  [/not present/i, 'user-not-present'],
  [/counter value/i, 'counter-not-increased'],
];

/** The library throws to refuse; here a refusal is a value. */
async function attempt<Value>(verify: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await verify() };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const reason = REASONS.find(([pattern]) => pattern.test(detail))?.[1] ?? 'verification-failed';
    return refuse(reason, detail.slice(0, 500));
  }
}
