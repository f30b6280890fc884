import { randomUUID } from 'node:crypto';

import type { CredentialJson } from './control/decode-credential.ts';
import type { KeyStateJson } from './control/key-in-slot.ts';
import type { Attestation, Protocol, Settings, Touch } from './authenticator/settings.ts';
import type { PacketFault } from './faces/faults.ts';

/** Knobs of a key beyond WebDriver's. Times are milliseconds; the README says what each does. */
export interface Knobs
  extends Partial<Omit<Settings, 'protocol' | 'transports' | 'aaguid' | 'touch' | 'attestation' | 'presenceTimeoutStatus'>> {
  /** 16 bytes, base64url. */
  readonly aaguid?: string;
  readonly attestation?: Attestation;
  readonly touch?: Touch;
  readonly presenceTimeoutStatus?: number;
  /** A text sets the PIN, null removes it. */
  readonly pin?: string | null;
  readonly pinRetries?: number;
  /** Names of the fingerprints that are enrolled. */
  readonly fingerprints?: readonly string[];
}

/** Knobs that can only be set on a key that exists. */
export interface LiveKnobs extends Knobs {
  readonly faults?: readonly PacketFault[];
  /** Swallow everything. */
  readonly mute?: boolean;
}

/** WebDriver's configuration of a virtual authenticator, and our own part of it. */
export interface AuthenticatorConfig {
  readonly protocol: Protocol;
  readonly transport: 'usb' | 'nfc' | 'ble' | 'internal';
  readonly hasResidentKey?: boolean;
  readonly hasUserVerification?: boolean;
  readonly isUserVerified?: boolean;
  readonly isUserConsenting?: boolean;
  readonly extensions?: readonly ('prf' | 'largeBlob' | 'credBlob' | 'minPinLength')[];
  readonly defaultBackupEligibility?: boolean;
  readonly defaultBackupState?: boolean;
  /** With this member the key is a security key that can have a PIN. */
  readonly keystile?: Knobs;
}

/** A credential to be put onto a key. */
export interface CredentialInput {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId: string;
  /** PKCS#8, base64url. */
  readonly privateKey: string;
  readonly signCount: number;
  readonly userHandle?: string;
  readonly userName?: string;
  readonly userDisplayName?: string;
  readonly backupEligibility?: boolean;
  readonly backupState?: boolean;
  readonly credProtect?: number;
}

/** The control server answered with an error. */
export class VirtualKeyError extends Error {
  override readonly name = 'VirtualKeyError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Speaks to the control server, in a session of its own. Every method rejects with VirtualKeyError when it is refused. */
export class VirtualKeyClient {
  readonly #url: string;
  readonly #session: string;

  constructor(url: string, session: string = randomUUID()) {
    this.#url = url;
    this.#session = session;
  }

  async attach(): Promise<void> {
    await this.send('attach');
  }

  /** Takes away all keys of this session. */
  async detach(): Promise<void> {
    await this.send('detach');
  }

  /** Plugs a new key in. Returns its id. */
  async addAuthenticator(config: AuthenticatorConfig): Promise<string> {
    return (await this.send('add_virtual_authenticator', { config })) as string;
  }

  async removeAuthenticator(id: string): Promise<void> {
    await this.send('remove_virtual_authenticator', { authenticator_id: id });
  }

  async addCredential(id: string, credential: CredentialInput): Promise<void> {
    await this.send('add_credential', { authenticator_id: id, credential });
  }

  async getCredentials(id: string): Promise<readonly CredentialJson[]> {
    return (await this.send('get_credentials', { authenticator_id: id })) as readonly CredentialJson[];
  }

  async removeCredential(id: string, credentialId: string): Promise<void> {
    await this.send('remove_credential', { authenticator_id: id, credential_id: credentialId });
  }

  async removeAllCredentials(id: string): Promise<void> {
    await this.send('remove_all_credentials', { authenticator_id: id });
  }

  async setUserVerified(id: string, uv: boolean): Promise<void> {
    await this.send('set_user_verified', { authenticator_id: id, uv });
  }

  async configure(id: string, knobs: LiveKnobs): Promise<void> {
    await this.send('keystile_configure', { authenticator_id: id, ...knobs });
  }

  /** Touches the key. True when it was waiting for that. */
  async touch(id: string): Promise<boolean> {
    return (await this.send('keystile_touch', { authenticator_id: id })) as boolean;
  }

  /** Pulls the key out now, or as soon as it waits for a touch. */
  async unplug(id: string, at: 'now' | 'touch' = 'now'): Promise<void> {
    await this.send('keystile_unplug', { authenticator_id: id, at });
  }

  async plug(id: string): Promise<void> {
    await this.send('keystile_plug', { authenticator_id: id });
  }

  async powerCycle(id: string): Promise<void> {
    await this.send('keystile_power_cycle', { authenticator_id: id });
  }

  async state(id: string): Promise<KeyStateJson> {
    return (await this.send('keystile_state', { authenticator_id: id })) as KeyStateJson;
  }

  /**
   * Resolves when the key waits for a touch, or has been given the command (names as in the log). A command counts when
   * its index is `after` or more: take `commandsSeen` of an earlier state to wait for a new one.
   */
  async waitFor(
    id: string,
    what: 'waitingForTouch' | `command:${string}`,
    { timeoutMs = 10_000, after = 0 }: { readonly timeoutMs?: number; readonly after?: number } = {},
  ): Promise<void> {
    await this.send('keystile_wait', { authenticator_id: id, for: what, timeoutMs, after });
  }

  /** The root certificate (DER, base64url) of the CA that signs x5c attestations. */
  async attestationRoot(): Promise<string> {
    return (await this.send('keystile_attestation_root')) as string;
  }

  /** Sends any command. Resolves with its value. */
  async send(cmd: string, args: object = {}): Promise<unknown> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ session: this.#session, cmd, args }),
    });
    const answer = (await response.json()) as { readonly value?: unknown; readonly error?: { readonly code: string; readonly message: string } };
    if (answer.error !== undefined) throw new VirtualKeyError(answer.error.code, answer.error.message);
    return answer.value;
  }
}
