import type { AuthenticatorInfo } from '../../../native-host/ctap2/get-info.ts';
import type { AuthenticationOutcome, AuthenticationRequest, RegistrationRequest } from '../../../native-host/ceremony/request.ts';
import type { AuthenticatorData } from '../../../shared/webauthn/authenticator-data.ts';
import type { Ceremony, KeyUnderTest } from '../support/key-under-test.ts';
import { Person } from '../support/person.ts';
import {
  authenticationRequest,
  judgeAuthentication,
  judgeRegistration,
  type Registered,
  registrationRequest,
} from '../support/site.ts';

/** PIN that the checks set at first. */
export const FIRST_PIN = 'interop-1234';
/** PIN that it is changed to. */
export const PIN = 'another-5678';

/** A sign-in that was judged good. */
export interface SignedIn {
  readonly outcome: AuthenticationOutcome;
  readonly data: AuthenticatorData;
  readonly ceremony: Ceremony;
}

/** What a check works with. Checks run one after the other on the same key. */
export class Subject {
  readonly key: KeyUnderTest;
  /** As the key said at first. */
  readonly info: AuthenticatorInfo;
  /** PIN of the key now. */
  pin: string | undefined;

  constructor(key: KeyUnderTest, info: AuthenticatorInfo) {
    this.key = key;
    this.info = info;
  }

  /** Someone who knows the PIN. */
  person(more: { readonly account?: string } = {}): Person {
    return new Person({ ...(this.pin === undefined ? {} : { pins: [this.pin] }), ...more });
  }

  /** Registers and judges. Throws when either fails. */
  async register(more: Partial<RegistrationRequest> = {}, person = this.person()): Promise<Registered> {
    const challenged = registrationRequest(more);
    const { result } = await this.key.run(challenged.request, person);
    if (!result.ok) throw new Error(`The registration failed: ${result.error.reason}, ${result.error.message}`);
    if (result.value.kind !== 'registration') throw new Error('Something else than a registration came back.');
    return judgeRegistration(challenged, result.value);
  }

  /** Reason for which a registration fails. Throws when it does not. */
  async refusal(more: Partial<RegistrationRequest>, person = this.person()): Promise<string> {
    const { result } = await this.key.run(registrationRequest(more).request, person);
    if (result.ok) throw new Error('The registration should have failed.');
    return result.error.reason;
  }

  /** Signs in with one of these credentials and judges. Throws when either fails. */
  async signIn(among: readonly Registered[], more: Partial<AuthenticationRequest> = {}, person = this.person()): Promise<SignedIn> {
    const challenged = authenticationRequest({ allowList: among.map(({ id }) => id), ...more });
    const ceremony = await this.key.run(challenged.request, person);
    const { result } = ceremony;
    if (!result.ok) throw new Error(`The sign-in failed: ${result.error.reason}, ${result.error.message}`);
    if (result.value.kind !== 'authentication') throw new Error('Something else than a sign-in came back.');
    const outcome = result.value;
    const used = among.find(({ id }) => Buffer.compare(id, outcome.credentialId) === 0);
    if (used === undefined) throw new Error('The key has used a credential that was not meant.');
    return { outcome, data: await judgeAuthentication(challenged, outcome, used.record), ceremony };
  }

  /** Reason for which a sign-in fails. Throws when it does not. */
  async signInRefusal(more: Partial<AuthenticationRequest>, person = this.person()): Promise<string> {
    const { result } = await this.key.run(authenticationRequest(more).request, person);
    if (result.ok) throw new Error('The sign-in should have failed.');
    return result.error.reason;
  }
}

/** One thing that the host must be able to do with every key that has what it takes. */
export interface Check {
  readonly name: string;
  /** What the key lacks for it, in words; `undefined` when nothing. */
  readonly lacks?: (info: AuthenticatorInfo) => string | undefined;
  readonly run: (subject: Subject) => Promise<void>;
  /** Milliseconds; 30,000 without. */
  readonly timeout?: number;
}

/** `lacks` of a check that needs an extension. */
export function needsExtension(...names: readonly string[]): NonNullable<Check['lacks']> {
  return ({ extensions }) => {
    const missing = names.find((name) => !extensions.includes(name));
    return missing === undefined ? undefined : `the key has no ${missing}`;
  };
}
