import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import type { Environment } from '../environment.ts';
import type { PinUvAuthProtocol } from './protocol.ts';

/** Permissions of a pinUvAuthToken. Source: CTAP 2.2 §6.5.5.7. */
export const Permission = {
  makeCredential: 0x01,
  getAssertion: 0x02,
  credentialManagement: 0x04,
  bioEnrollment: 0x08,
  largeBlobWrite: 0x10,
  authenticatorConfiguration: 0x20,
  persistentCredentialManagementReadOnly: 0x40,
} as const;

const INITIAL_USAGE_LIMIT = 30_000;
const USER_PRESENT_LIMIT = 30_000;
const MAX_USAGE_PERIOD = 600_000;

/** What a token was given out for. */
export interface TokenGrant {
  /** Bits of {@link Permission}. */
  readonly permissions: number;
  readonly rpId: string | undefined;
  readonly userPresent: boolean;
  /** A CTAP 2.0 token: for everything, for as long as the key has power. */
  readonly unlimited: boolean;
}

/** The pinUvAuthToken of one protocol with its state. Source: CTAP 2.1 §6.5.2.1. */
export class PinUvAuthToken {
  readonly #environment: Environment;
  readonly #length: number;
  #value: Bytes;
  #grant: TokenGrant | undefined;
  #permissions = 0;
  #rpId: string | undefined;
  #userPresent = false;
  #userVerified = false;
  #startedAt = 0;
  #used = false;

  /** `length` is that of the token in bytes: 16 in CTAP 2.0, 32 in 2.1. */
  constructor(environment: Environment, length: number) {
    this.#environment = environment;
    this.#length = length;
    this.#value = environment.random(length);
  }

  get value(): Bytes {
    return this.#value;
  }

  get userPresent(): boolean {
    this.#expire();
    return this.#userPresent && this.#environment.now() - this.#startedAt <= USER_PRESENT_LIMIT;
  }

  get userVerified(): boolean {
    this.#expire();
    return this.#grant !== undefined && this.#userVerified;
  }

  /** A new value, out of use: resetPinUvAuthToken. */
  reset(): void {
    this.#value = this.#environment.random(this.#length);
    this.#stop();
  }

  /** beginUsingPinUvAuthToken with the permissions that go with it. */
  begin(grant: TokenGrant): void {
    this.#grant = grant;
    this.#permissions = grant.permissions;
    this.#rpId = grant.rpId;
    this.#userPresent = grant.userPresent;
    this.#userVerified = true;
    this.#startedAt = this.#environment.now();
    this.#used = false;
  }

  /** Whether `signature` over `message` was made with this token while it is in use. */
  verify(protocol: PinUvAuthProtocol, message: Bytes, signature: Bytes): boolean {
    this.#expire();
    if (this.#grant === undefined || !protocol.verify(this.#value, message, signature)) return false;
    this.#used = true;
    return true;
  }

  /** Whether the token allows this; a token that is not bound to an RP ID yet becomes so. */
  allows(permission: number, rpId: string | undefined): boolean {
    if (this.#grant?.unlimited === true) return true;
    if ((this.#permissions & permission) === 0) return false;
    if (rpId === undefined) return true;
    this.#rpId ??= rpId;
    return this.#rpId === rpId;
  }

  /** Whether the token allows this for a Relying Party that `fits`, without binding it; `fits` is told `undefined` when it is bound to none. */
  allowsFor(permission: number, fits: (rpId: string | undefined) => boolean): boolean {
    if (this.#grant?.unlimited === true) return true;
    return (this.#permissions & permission) !== 0 && fits(this.#rpId);
  }

  /** A touch spends the token but for large blobs: clearUserPresentFlag, clearUserVerifiedFlag, clearPinUvAuthTokenPermissionsExceptLbw. */
  spend(): void {
    if (this.#grant?.unlimited === true) return;
    this.#userPresent = false;
    this.#userVerified = false;
    this.#permissions &= Permission.largeBlobWrite;
  }

  #expire(): void {
    if (this.#grant === undefined || this.#grant.unlimited) return;
    const age = this.#environment.now() - this.#startedAt;
    if (age > MAX_USAGE_PERIOD || (!this.#used && age > INITIAL_USAGE_LIMIT)) this.#stop();
  }

  #stop(): void {
    this.#grant = undefined;
    this.#permissions = 0;
    this.#rpId = undefined;
    this.#userPresent = false;
    this.#userVerified = false;
  }
}
