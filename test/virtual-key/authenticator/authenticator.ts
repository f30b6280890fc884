import { type Bytes, concatBytes, encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { decodeCborStrict, encodeCbor } from '../../../shared/cbor/codec.ts';
import { type CborMap, type CborValue, isCborMap } from '../../../shared/cbor/value.ts';
import { TestCa, type X5cIdentity } from './attestation/test-ca.ts';
import { CommandLog, type LogEntry } from './command-log.ts';
import { FINGERPRINT_ID_LENGTH } from './commands/bio-enrollment/enrolment.ts';
import { type Command, COMMANDS } from './commands/commands.ts';
import { CredentialStore } from './credential-store.ts';
import { encodeWithCutNames } from './cut-names.ts';
import type { Environment } from './environment.ts';
import type { CardAuthenticatorPort, Exchange } from './exchange.ts';
import { type Fingerprint, FingerprintStore } from './fingerprint-store.ts';
import type { KeyState } from './key-state.ts';
import { LargeBlobArray } from './large-blob-array.ts';
import { PinUvAuth } from './pin-uv-auth/pin-uv-auth.ts';
import { buildPin, Pin } from './pin-uv-auth/pin.ts';
import { Refusals } from './refusals.ts';
import { type CardSettings, isLegacy, offeredProtocols, type Settings } from './settings.ts';
import { CtapFailure, CtapStatus } from './status.ts';
import { decodeApdu } from './u2f/apdu.ts';
import { runU2f, U2F_INSTRUCTIONS } from './u2f/u2f.ts';
import { User } from './user.ts';

const GET_NEXT_ASSERTION = 0x08;
const CREDENTIAL_MANAGEMENT: readonly number[] = [0x0a, 0x41];
/** Commands that leave the window for a reset open on a key with `resetFirst`: makeCredential, getInfo, reset, selection. */
const BEFORE_RESET: readonly number[] = [0x01, 0x04, 0x07, 0x0b];
const MAX_CBOR_DEPTH = 4;
const CHANNEL_BUSY = 0x06;

/**
 * The authenticator itself: takes command bytes, gives response bytes, knows nothing of transports. Credentials and
 * PIN live as long as the object; a power cycle empties what a real key keeps in RAM.
 */
export class Authenticator implements CardAuthenticatorPort {
  readonly log = new CommandLog();
  readonly #state: KeyState;
  readonly #listeners = new Set<() => void>();
  readonly #refusals = new Refusals();
  #busy = false;
  #winks = 0;

  constructor(settings: Settings, environment: Environment) {
    const changed = (): void => this.#notify();
    let identity: X5cIdentity | undefined;
    const state: KeyState = {
      environment,
      settings,
      store: new CredentialStore(),
      pin: new Pin(),
      user: new User(environment, () => state.settings, changed),
      largeBlobs: new LargeBlobArray(),
      identity: () =>
        (identity ??= new TestCa().issueIdentity(state.settings.aaguid, environment.random.bind(environment))),
      pinUvAuth: freshPinUvAuth(environment, settings),
      pendingAssertions: undefined,
      enumeration: undefined,
      enrolment: undefined,
      fingerprints: new FingerprintStore(),
      factory: undefined,
      persistentToken: undefined,
      deviceIdentifier: undefined,
      uvCount: 0,
      uvRetries: settings.maxUvRetries,
      poweredAt: environment.now(),
    };
    this.#state = state;
    this.#refusals.set(settings.refusals);
    this.#forgetIdentity = (): void => {
      identity = undefined;
    };
  }

  readonly #forgetIdentity: () => void;

  get settings(): Settings {
    return this.#state.settings;
  }

  get card(): CardSettings {
    return this.settings;
  }

  get store(): CredentialStore {
    return this.#state.store;
  }

  get environment(): Environment {
    return this.#state.environment;
  }

  get pinIsSet(): boolean {
    return this.#state.pin.isSet;
  }

  get pinRetries(): number {
    return this.#state.pin.retries;
  }

  get uvRetries(): number {
    return this.#state.uvRetries;
  }

  get winks(): number {
    return this.#winks;
  }

  /** The key blinks for a touch. */
  get waitingForTouch(): boolean {
    return this.#state.user.waiting;
  }

  get supportsCbor(): boolean {
    return this.settings.protocol !== 'ctap1/u2f';
  }

  get supportsU2f(): boolean {
    return this.settings.protocol === 'ctap1/u2f' || this.settings.u2f;
  }

  get ignoresCancel(): boolean {
    return this.settings.ignoreCancel;
  }

  /** Calls `listener` whenever a command begins or ends or the wait for a touch does, until the returned function is called. */
  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Touches the key. True when it was waiting for that. */
  touch(): boolean {
    const waited = this.#state.user.touch();
    this.#notify();
    return waited;
  }

  /** Changes settings while the key is plugged in. */
  configure(changes: Partial<Settings>): void {
    const before = this.#state.settings;
    const settings = { ...before, ...changes };
    this.#state.settings = settings;
    if (changes.refusals !== undefined) this.#refusals.set(changes.refusals);
    if (before.aaguid !== settings.aaguid) this.#forgetIdentity();
    const offersChanged = offeredProtocols(before).join() !== offeredProtocols(settings).join();
    if (offersChanged || isLegacy(before) !== isLegacy(settings)) {
      this.#state.pinUvAuth = freshPinUvAuth(this.environment, settings);
    }
    if (changes.userVerified === true || changes.maxUvRetries !== undefined) this.#state.uvRetries = settings.maxUvRetries;
    this.#state.user.settingsChanged();
    this.#notify();
  }

  /** Sets the PIN as if its owner had done so before, or removes it. No rules apply. */
  setPin(pin: string | undefined): void {
    const built = pin === undefined ? undefined : buildPin(encodeUtf8(pin));
    if (built === undefined) this.#state.pin.clear();
    else this.#state.pin.set(built);
  }

  get fingerprints(): readonly Fingerprint[] {
    return this.#state.fingerprints.all;
  }

  /** Puts fingerprints of these names in the place of those that are enrolled. */
  setFingerprints(names: readonly string[]): void {
    const { fingerprints, environment } = this.#state;
    fingerprints.clear();
    for (const name of names) fingerprints.add({ id: environment.random(FINGERPRINT_ID_LENGTH), name });
  }

  /** As if wrong PINs had been tried before. */
  setPinRetries(retries: number): void {
    this.#state.pin.setRetries(retries);
  }

  powerCycle(): void {
    const state = this.#state;
    state.pin.powerCycle();
    state.pinUvAuth = freshPinUvAuth(state.environment, state.settings);
    state.pendingAssertions = undefined;
    state.enumeration = undefined;
    state.enrolment = undefined;
    state.poweredAt = state.environment.now();
    state.largeBlobs.forget();
    state.user.forget();
    this.#notify();
  }

  wink(): void {
    this.#winks += 1;
    this.#notify();
  }

  async call(request: Bytes, exchange: Exchange): Promise<Bytes> {
    if (this.#busy) return Uint8Array.of(CHANNEL_BUSY);
    this.#busy = true;
    const code = request[0];
    const name = commandName(request);
    const entry = this.log.begin(name, this.environment.now());
    this.#notify();
    try {
      const response = await this.#run(code, name, request, exchange);
      entry.status = CtapStatus.ok;
      return response === undefined ? Uint8Array.of(CtapStatus.ok) : concatBytes(Uint8Array.of(CtapStatus.ok), this.#encode(response));
    } catch (error) {
      if (!(error instanceof CtapFailure)) throw error;
      entry.status = error.status;
      return Uint8Array.of(error.status);
    } finally {
      this.#busy = false;
      this.#notify();
    }
  }

  message(apdu: Bytes): Promise<Bytes> {
    const decoded = decodeApdu(apdu);
    const entry = this.log.begin(U2F_INSTRUCTIONS.get(decoded?.ins ?? 0) ?? 'u2f.unknown', this.environment.now());
    const response = runU2f(this.#state, decoded);
    entry.status = ((response.at(-2) ?? 0) << 8) | (response.at(-1) ?? 0);
    this.#notify();
    return Promise.resolve(response);
  }

  #encode(response: CborMap): Bytes {
    const { cutNames } = this.settings;
    return cutNames === undefined ? encodeCbor(response) : encodeWithCutNames(response, cutNames);
  }

  async #run(code: number | undefined, name: string, request: Bytes, exchange: Exchange): Promise<CborMap | undefined> {
    const { settings } = this;
    if (code === undefined) throw new CtapFailure(CtapStatus.invalidLength);
    if (request.length > settings.maxMsgSize) throw new CtapFailure(CtapStatus.requestTooLarge);
    const command = COMMANDS.get(code);
    if (command?.known(settings) !== true) throw new CtapFailure(CtapStatus.invalidCommand);
    // Any other command in between ends a series of assertions (CTAP 2.1 §6.3).
    if (code !== GET_NEXT_ASSERTION) this.#state.pendingAssertions = undefined;
    if (!CREDENTIAL_MANAGEMENT.includes(code)) this.#state.enumeration = undefined;
    if (settings.resetFirst && !BEFORE_RESET.includes(code)) this.#state.poweredAt = Number.NEGATIVE_INFINITY;
    const parameters = decodeParameters(command, request.slice(1), settings);
    this.#refusals.check(name, parameters);
    await this.#work(exchange);
    return await command.run(this.#state, parameters, exchange);
  }

  async #work({ signal }: Exchange): Promise<void> {
    const { workTime } = this.settings;
    if (workTime === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.environment.schedule(workTime, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      }, { once: true });
    });
    if (signal.aborted) throw new CtapFailure(CtapStatus.keepaliveCancel);
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function freshPinUvAuth(environment: Environment, settings: Settings): PinUvAuth {
  return new PinUvAuth(environment, offeredProtocols(settings), isLegacy(settings) ? 16 : 32);
}

function decodeParameters(command: Command, encoded: Bytes, settings: Settings): CborMap {
  if (!command.takesParameters) {
    if (encoded.length > 0) throw new CtapFailure(CtapStatus.invalidLength);
    return new Map<CborValue, CborValue>();
  }
  if (encoded.length === 0) throw new CtapFailure(CtapStatus.missingParameter);
  const limits = { maxBytes: settings.maxMsgSize, maxDepth: MAX_CBOR_DEPTH, maxItems: settings.maxMsgSize };
  const decoded = decodeCborStrict(encoded, limits);
  if (!decoded.ok) throw new CtapFailure(CtapStatus.invalidCbor);
  if (!isCborMap(decoded.value)) throw new CtapFailure(CtapStatus.cborUnexpectedType);
  return decoded.value;
}

/** The name for the log, with the subcommand when it can be read. */
function commandName(request: Bytes): string {
  const command = COMMANDS.get(request[0] ?? 0);
  if (command?.subcommands === undefined) return command?.name ?? 'unknown';
  const decoded = decodeCborStrict(request.slice(1));
  const subcommand = decoded.ok && isCborMap(decoded.value) ? decoded.value.get(command.subcommands.key) : undefined;
  const subcommandName = typeof subcommand === 'number' ? command.subcommands.names.get(subcommand) : undefined;
  return subcommandName === undefined ? command.name : `${command.name}.${subcommandName}`;
}

export type { LogEntry };
