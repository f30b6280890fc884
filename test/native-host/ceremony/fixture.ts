import { createHash, randomBytes } from 'node:crypto';

import { verifyAuthenticationResponse, verifyRegistrationResponse, type WebAuthnCredential } from '@simplewebauthn/server';

import { encodeBase64url } from '../../../shared/bytes/base64url.ts';
import type { CeremonyState } from '../../../shared/wire/ceremony-state.ts';
import type { ParamsOf, ResultOf } from '../../../shared/wire/hop.ts';
import type { NativeHop } from '../../../shared/wire/native.ts';
import { type HostProcess, startHostProcess } from '../../support/host-process.ts';
import type { AuthenticatorConfig, Knobs } from '../../virtual-key/client.ts';
import { startVirtualKey, type VirtualKey } from '../../virtual-key/start.ts';

type RegistrationParams = ParamsOf<NativeHop, 'registration.start'>;
type AuthenticationParams = ParamsOf<NativeHop, 'authentication.start'>;
type StartMethod = 'registration.start' | 'authentication.start';

export const RP_ID = 'example.org';
export const ORIGIN = 'https://example.org';

/** The state of that name. */
type StateOf<Name extends CeremonyState['state']> = Extract<CeremonyState, { state: Name }>;

/** A ceremony that runs in the host process, as the background would see it. */
export interface Ceremony<Method extends StartMethod> {
  /** All states so far. */
  readonly states: readonly CeremonyState[];
  readonly clientData: string;
  /** Settles with the result, or the reason of the failure. */
  readonly outcome: Promise<{ readonly result: ResultOf<NativeHop, Method> } | { readonly reason: string }>;
  /** Resolves with the next state of that name that was not asked for yet; fails when the ceremony ends before. */
  state<Name extends CeremonyState['state']>(name: Name): Promise<StateOf<Name>>;
  promptVisible(): Promise<void>;
  submitPin(pin: string): Promise<void>;
  submitNewPin(pin: string): Promise<void>;
  selectCredential(index: number): Promise<void>;
  useCard(readerName: string): Promise<void>;
  cancel(): void;
}

/** A host process with virtual keys beside it. */
export class CeremonyFixture {
  readonly host: HostProcess;
  readonly keys: VirtualKey;
  readonly #running = new Set<() => void>();
  readonly #outcomes: Promise<unknown>[] = [];

  constructor(host: HostProcess, keys: VirtualKey) {
    this.host = host;
    this.keys = keys;
  }

  /** Starts both, with two free slots for keys. */
  static async start(): Promise<CeremonyFixture> {
    const keys = await startVirtualKey({ udp: [0, 0] });
    await keys.client.attach();
    const host = await startHostProcess({ keys: keys.udpPorts.map((port) => `127.0.0.1:${port.toString()}`).join(',') });
    await host.hello();
    return new CeremonyFixture(host, keys);
  }

  async stop(): Promise<void> {
    await this.host.stop();
    await this.keys.close();
  }

  /** Plugs in a security key and gives its id. */
  plug(knobs: Knobs = {}, protocol: AuthenticatorConfig['protocol'] = 'ctap2_1'): Promise<string> {
    return this.keys.client.addAuthenticator({
      protocol,
      transport: 'usb',
      hasResidentKey: true,
      isUserVerified: true,
      keystile: knobs,
    });
  }

  /** Takes away all keys and ends what still runs. */
  async reset(): Promise<void> {
    for (const cancel of this.#running) cancel();
    await Promise.all(this.#outcomes.splice(0));
    await this.keys.client.detach();
    await this.keys.client.attach();
  }

  register(overrides: Partial<RegistrationParams> = {}): Ceremony<'registration.start'> {
    const clientData = clientDataOf('webauthn.create');
    return this.#start('registration.start', clientData, {
      clientDataHash: hashOf(clientData),
      rp: { id: RP_ID, name: 'Example' },
      user: { id: encodeBase64url(randomBytes(16)), name: 'ada', displayName: 'Ada Lovelace' },
      algorithms: [-7, -257],
      excludeCredentials: [],
      residentKey: 'preferred',
      userVerification: 'preferred',
      timeout: 60_000,
      promptVisible: true,
      ...overrides,
    });
  }

  authenticate(overrides: Partial<AuthenticationParams> = {}): Ceremony<'authentication.start'> {
    const clientData = clientDataOf('webauthn.get');
    return this.#start('authentication.start', clientData, {
      clientDataHash: hashOf(clientData),
      rpId: RP_ID,
      allowCredentials: [],
      userVerification: 'preferred',
      timeout: 60_000,
      promptVisible: true,
      ...overrides,
    });
  }

  #start<Method extends StartMethod>(
    method: Method,
    clientData: string,
    params: ParamsOf<NativeHop, Method>,
  ): Ceremony<Method> {
    const { requester } = this.host;
    const ceremonyId = randomBytes(16).toString('base64url');
    const states: CeremonyState[] = [];
    const abort = new AbortController();
    let seen = 0;
    let ended = false;
    let wake: () => void = () => undefined;
    const cancel = (): void => abort.abort();
    this.#running.add(cancel);
    const outcome = requester
      .request(method, params, {
        id: ceremonyId,
        signal: abort.signal,
        onEvent(event) {
          states.push((event as { readonly data: CeremonyState }).data);
          wake();
        },
      })
      .then((answer) => {
        ended = true;
        this.#running.delete(cancel);
        wake();
        if (answer.ok) return { result: answer.value };
        const { error } = answer;
        return { reason: error.kind === 'error' ? error.error.reason : error.kind };
      });

    this.#outcomes.push(outcome);

    async function accepted(answer: Promise<{ readonly ok: boolean }>): Promise<void> {
      if (!(await answer).ok) throw new Error(`The host did not want that. States: ${JSON.stringify(states)}`);
    }

    return {
      states,
      clientData,
      outcome: outcome,
      async state(name) {
        for (;;) {
          while (seen < states.length) {
            const state = states[seen];
            seen += 1;
            if (state?.state === name) return state as StateOf<typeof name>;
          }
          if (ended) throw new Error(`The ceremony ended without ${name}. States: ${JSON.stringify(states)}`);
          await new Promise<void>((resolve) => (wake = resolve));
        }
      },
      promptVisible: () => accepted(requester.request('ceremony.promptVisible', { ceremonyId })),
      submitPin: (pin) => accepted(requester.request('ceremony.submitPin', { ceremonyId, pin })),
      submitNewPin: (pin) => accepted(requester.request('ceremony.submitNewPin', { ceremonyId, pin })),
      selectCredential: (index) => accepted(requester.request('ceremony.selectCredential', { ceremonyId, index })),
      useCard: (readerName) => accepted(requester.request('ceremony.useCard', { ceremonyId, readerName })),
      cancel,
    };
  }
}

function clientDataOf(type: 'webauthn.create' | 'webauthn.get'): string {
  return JSON.stringify({ type, challenge: CHALLENGE, origin: ORIGIN, crossOrigin: false });
}

const CHALLENGE = encodeBase64url(new Uint8Array(32).fill(7));

function hashOf(clientData: string): string {
  return encodeBase64url(createHash('sha256').update(clientData).digest());
}

/** The result of a ceremony that must succeed. */
export async function resultOf<Method extends StartMethod>(
  ceremony: Ceremony<Method>,
): Promise<ResultOf<NativeHop, Method>> {
  const outcome = await ceremony.outcome;
  if ('reason' in outcome) throw new Error(`It failed: ${outcome.reason}. States: ${JSON.stringify(ceremony.states)}`);
  return outcome.result;
}

/** Has an independent Relying Party verify a registration, and gives what it keeps. */
export async function verifyRegistration(
  ceremony: Ceremony<'registration.start'>,
  { userVerified }: { readonly userVerified: boolean },
): Promise<WebAuthnCredential> {
  const { attestationObject, transports } = await resultOf(ceremony);
  const id = credentialIdOf(attestationObject);
  const verified = await verifyRegistrationResponse({
    response: {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        attestationObject,
        clientDataJSON: Buffer.from(ceremony.clientData).toString('base64url'),
        transports: transports,
      },
    },
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: RP_ID,
    requireUserVerification: userVerified,
  });
  if (!verified.verified || verified.registrationInfo.userVerified !== userVerified) {
    throw new Error('The registration does not verify as expected.');
  }
  return verified.registrationInfo.credential;
}

/** Has an independent Relying Party verify a sign-in. */
export async function verifyAuthentication(
  ceremony: Ceremony<'authentication.start'>,
  credential: WebAuthnCredential,
  { userVerified }: { readonly userVerified: boolean },
): Promise<void> {
  const { credentialId, authenticatorData, signature, userHandle } = await resultOf(ceremony);
  const verified = await verifyAuthenticationResponse({
    response: {
      id: credentialId,
      rawId: credentialId,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        authenticatorData,
        signature,
        clientDataJSON: Buffer.from(ceremony.clientData).toString('base64url'),
        ...(userHandle === undefined ? {} : { userHandle }),
      },
    },
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: RP_ID,
    credential,
    requireUserVerification: userVerified,
  });
  if (!verified.verified || verified.authenticationInfo.userVerified !== userVerified) {
    throw new Error('The sign-in does not verify as expected.');
  }
}

/** The credential ID out of the attested credential data (WebAuthn L3 §6.5.2), found by its place behind the RP ID's hash. */
function credentialIdOf(attestationObject: string): string {
  const bytes = Buffer.from(attestationObject, 'base64url');
  const start = bytes.indexOf(createHash('sha256').update(RP_ID).digest());
  const length = bytes.readUInt16BE(start + 53);
  return bytes.subarray(start + 55, start + 55 + length).toString('base64url');
}
