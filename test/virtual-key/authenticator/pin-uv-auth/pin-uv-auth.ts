import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import type { CborMap } from '../../../../shared/cbor/value.ts';
import type { Environment } from '../environment.ts';
import { CtapFailure, CtapStatus } from '../status.ts';
import { KeyAgreementKey } from './key-agreement.ts';
import { type PinUvAuthProtocol, protocolOne, protocolTwo } from './protocol.ts';
import { PinUvAuthToken, type TokenGrant } from './token.ts';

interface ProtocolState {
  readonly protocol: PinUvAuthProtocol;
  readonly token: PinUvAuthToken;
  keyAgreement: KeyAgreementKey;
}

/** A shared secret with the protocol that it belongs to. */
export interface Session {
  readonly protocol: PinUvAuthProtocol;
  readonly secret: Bytes;
  readonly token: PinUvAuthToken;
}

/** The state that a key keeps in RAM for its PIN/UV auth protocols; a new one at each power-up. */
export class PinUvAuth {
  readonly #environment: Environment;
  readonly #states: ReadonlyMap<number, ProtocolState>;
  #hasIssued = false;

  constructor(environment: Environment, offered: readonly (1 | 2)[], tokenLength: number) {
    this.#environment = environment;
    const random = environment.random.bind(environment);
    this.#states = new Map(
      offered.map((number) => [
        number,
        {
          protocol: number === 1 ? protocolOne() : protocolTwo(random),
          token: new PinUvAuthToken(environment, tokenLength),
          keyAgreement: new KeyAgreementKey(random),
        },
      ]),
    );
  }

  /** A token was given out since power-up. */
  get hasIssued(): boolean {
    return this.#hasIssued;
  }

  supports(number: number): boolean {
    return this.#states.has(number);
  }

  token(number: number): PinUvAuthToken {
    return this.#state(number).token;
  }

  protocol(number: number): PinUvAuthProtocol {
    return this.#state(number).protocol;
  }

  publicKey(number: number): CborMap {
    return this.#state(number).keyAgreement.publicKey();
  }

  /** The shared secret with the platform's half of the key agreement. */
  session(number: number, peer: CborMap): Session {
    const { protocol, token, keyAgreement } = this.#state(number);
    return { protocol, token, secret: protocol.deriveSecret(keyAgreement.sharedX(peer)) };
  }

  /** A new key agreement key, after a wrong PIN. */
  regenerate(number: number): void {
    this.#state(number).keyAgreement = new KeyAgreementKey(this.#environment.random.bind(this.#environment));
  }

  resetTokens(): void {
    for (const { token } of this.#states.values()) token.reset();
  }

  /** What a touch does to the tokens: see {@link PinUvAuthToken.spend}. */
  spendTokens(): void {
    for (const { token } of this.#states.values()) token.spend();
  }

  /** Resets all tokens, puts that of the session's protocol into use and returns it encrypted. */
  issue(session: Session, grant: TokenGrant): Bytes {
    this.resetTokens();
    session.token.begin(grant);
    this.#hasIssued = true;
    return session.protocol.encrypt(session.secret, session.token.value);
  }

  #state(number: number): ProtocolState {
    const state = this.#states.get(number);
    if (state === undefined) throw new CtapFailure(CtapStatus.invalidParameter);
    return state;
  }
}
