import type { Bytes } from '../../shared/bytes/bytes.ts';
import { failure, success, type Result } from '../../shared/bytes/result.ts';
import { changePin } from '../ctap2/client-pin/change-pin.ts';
import { getPinUvAuthToken } from '../ctap2/client-pin/pin-uv-auth-token.ts';
import { getPinRetries, getUvRetries } from '../ctap2/client-pin/retries.ts';
import { setPin } from '../ctap2/client-pin/set-pin.ts';
import { type CommandError, malformedResponse } from '../ctap2/errors.ts';
import { type AuthenticatorInfo, getInfo } from '../ctap2/get-info.ts';
import { validateNewPin } from '../ctap2/pin-uv-auth/pin.ts';
import { choosePinUvAuthProtocol, type PinUvAuthProtocolNumber } from '../ctap2/pin-uv-auth/protocol.ts';
import { PinUvAuthPermission, type PinUvAuthToken } from '../ctap2/pin-uv-auth/token.ts';
import { CtapStatus } from '../ctap2/status.ts';
import type { CallOptions, Device } from '../transport/device.ts';
import { authenticate } from './authenticate.ts';
import { describeKey, speaksCtap2, speaksU2f, U2F_FACTS } from './describe-key.ts';
import type { OperationError } from './error-map.ts';
import { KeptPin } from './kept-pin.ts';
import type { KeyAccess } from './key-access.ts';
import { alternativeRpId, needsPreflight } from './credential-lists.ts';
import type { DeviceEffect, OperationPlan, OperationResult } from './machine-types.ts';
import { findListedCredential } from './preflight.ts';
import { register } from './register.ts';
import type { CeremonyRequest } from './request.ts';
import type { OperationAccess } from './token-use.ts';
import { waitForTouch } from './touch.ts';
import { MAX_KEY_HANDLE_LENGTH } from '../u2f/authenticate.ts';
import { authenticateU2f, findU2fCredential, registerU2f } from './u2f-ceremony.ts';
import { waitForU2fTouch } from './u2f-touch.ts';

/** What an operation brings, without the names that the runner adds. */
export type OperationBody = OperationResult extends infer Type
  ? Type extends OperationResult
    ? Omit<Type, 'device' | 'op'>
    : never
  : never;

/** One key in one ceremony: its handle, its token, and its PIN for as long as that is needed. */
export class KeySession {
  readonly #keys: KeyAccess;
  readonly #request: CeremonyRequest;
  readonly #onGone: () => void;
  readonly #pin = new KeptPin();
  #device: Device | undefined;
  /** Stays undefined for a key that speaks only U2F. */
  #info: AuthenticatorInfo | undefined;
  #token: PinUvAuthToken | undefined;
  #closed = false;

  /** @param onGone called when the opened key goes away. */
  constructor(keys: KeyAccess, request: CeremonyRequest, onGone: () => void) {
    this.#keys = keys;
    this.#request = request;
    this.#onGone = onGone;
  }

  /** Keeps a PIN that is to be changed. */
  keepPin(pin: string): void {
    this.#pin.keep(pin);
  }

  /** Carries out what the machine wants of this key. Never rejects but for bugs. */
  async execute(id: string, effect: DeviceEffect, options: CallOptions): Promise<Result<OperationBody, OperationError>> {
    switch (effect.type) {
      case 'open':
        return this.#open(id, options.signal);
      case 'probe':
        return this.#probe(options);
      case 'readPinRetries': {
        const protocol = this.#protocol();
        if (!protocol.ok) return protocol;
        const retries = await getPinRetries(this.#opened(), protocol.value, options);
        return retries.ok ? success({ type: 'pinRetriesRead', ...retries.value }) : retries;
      }
      case 'readUvRetries': {
        const retries = await getUvRetries(this.#opened(), options);
        return retries.ok ? success({ type: 'uvRetriesRead', ...retries.value }) : retries;
      }
      case 'selectByTouch': {
        const device = this.#opened();
        const touched =
          this.#info === undefined
            ? await waitForU2fTouch(device, options)
            : await waitForTouch(device, this.#info, options);
        return touched.ok ? success({ type: 'touched' }) : touched;
      }
      case 'preflight':
        return this.#preflight(effect.ids, effect.authorised, options);
      case 'obtainToken':
        return this.#obtainToken(effect.method, options);
      case 'setPin':
        return this.#setPin(effect.pin, effect.change, options);
      case 'operate':
        return this.#operate(effect, options);
    }
  }

  /** Forgets the secrets and gives the key back, which cancels what runs on it. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#forgetSecrets();
    const device = this.#device;
    this.#device = undefined;
    if (device !== undefined) await this.#keys.close(device);
  }

  async #open(id: string, signal: AbortSignal): Promise<Result<OperationBody, OperationError>> {
    const opened = await this.#keys.open(id, signal);
    if (!opened.ok) return opened;
    const device = opened.value;
    if (this.#closed) {
      await this.#keys.close(device);
      return failure({
        kind: 'transport',
        problem: 'cancelled',
        transport: device.descriptor.transport,
        detail: 'The key was given back while it was opened.',
      });
    }
    this.#device = device;
    void device.gone.then(() => {
      if (!this.#closed) this.#onGone();
    });
    return success({ type: 'opened' });
  }

  async #probe(options: CallOptions): Promise<Result<OperationBody, OperationError>> {
    const device = this.#opened();
    if (!device.supportsCbor) return success({ type: 'probed', facts: U2F_FACTS });
    let info = await getInfo(device, options);
    // By its status alone a damaged answer looks like an error: only one that comes again is believed.
    if (!info.ok && info.error.kind === 'ctap' && info.error.status !== CtapStatus.invalidCommand) info = await getInfo(device, options);
    // Whatever error it answers: what cannot say what it is speaks U2F at best, and so does what names no version of CTAP2.
    const isU2fOnly = info.ok ? !speaksCtap2(info.value) : info.error.kind === 'ctap';
    if (isU2fOnly && device.supportsU2f) return success({ type: 'probed', facts: U2F_FACTS });
    if (!info.ok) return info;
    this.#info = info.value;
    return success({ type: 'probed', facts: describeKey(info.value) });
  }

  async #preflight(
    ids: readonly Bytes[],
    authorised: boolean,
    options: CallOptions,
  ): Promise<Result<OperationBody, OperationError>> {
    const alternative = alternativeRpId(this.#request);
    const rpIds = [this.#request.rpId, ...(alternative === undefined ? [] : [alternative])] as const;
    const device = this.#opened();
    const token = authorised ? this.#token : undefined;
    if (this.#info === undefined) {
      const found = await findU2fCredential(device, { rpIds, ids }, options);
      return found.ok ? success({ type: 'preflighted', finding: found.value }) : found;
    }
    const query = { rpIds, ids, limits: describeKey(this.#info).lists, token, renewToken: () => this.#replaceToken(options) };
    const found = await findListedCredential(device, query, options);
    if (!found.ok) return found;
    if (found.value.kind !== 'none' || alternative === undefined || !speaksU2f(this.#info) || !device.supportsU2f) {
      return success({ type: 'preflighted', finding: found.value });
    }
    // Some keys hold what U2F has registered apart, and know it only when they are asked by U2F.
    const handles = { rpIds: [alternative], ids: ids.filter(({ length }) => length <= MAX_KEY_HANDLE_LENGTH) };
    const byU2f = await findU2fCredential(device, handles, options);
    if (!byU2f.ok) return byU2f;
    const finding = byU2f.value.kind === 'match' ? { ...byU2f.value, byU2f: true as const } : found.value;
    return success({ type: 'preflighted', finding });
  }

  async #obtainToken(
    method: { readonly pin: string } | 'keptPin' | 'uv',
    options: CallOptions,
  ): Promise<Result<OperationBody, OperationError>> {
    this.#dropToken();
    // Kept from the start: the token may have to be renewed, or the PIN changed.
    if (typeof method === 'object') this.#pin.keep(method.pin);
    const pin = method === 'uv' ? undefined : this.#pin.reveal();
    if (method !== 'uv' && pin === undefined) return failure(malformedResponse('clientPin', 'The PIN is needed again.'));
    const token = await getPinUvAuthToken(
      this.#opened(),
      this.#known(),
      { method: pin === undefined ? 'uv' : { pin }, permissions: this.#permissions(), rpId: this.#request.rpId },
      options,
    );
    if (token.ok) {
      this.#token = token.value;
      if (this.#closed) this.#forgetSecrets();
      return success({ type: 'tokenObtained' });
    }
    const { error } = token;
    const mustChange = error.kind === 'ctap' && error.status === CtapStatus.pinPolicyViolation;
    if (!mustChange) this.#pin.forget();
    return failure(error);
  }

  /** All that the ceremony needs in one request; the exclude list is looked through with getAssertion. */
  #permissions(): number {
    const { getAssertion, largeBlobWrite, makeCredential } = PinUvAuthPermission;
    const request = this.#request;
    const facts = describeKey(this.#known());
    if (request.kind === 'registration') {
      return needsPreflight(request, facts) ? makeCredential | getAssertion : makeCredential;
    }
    const writes = typeof request.extensions.largeBlob === 'object' && facts.hasLargeBlobs;
    return writes ? getAssertion | largeBlobWrite : getAssertion;
  }

  #access(info: AuthenticatorInfo, options: CallOptions): OperationAccess {
    return {
      device: this.#opened(),
      info,
      token: this.#token,
      renewToken: (permissions) => this.#renewToken(permissions, options),
      options,
    };
  }

  /** In the place of one that the key takes no more. */
  async #replaceToken(options: CallOptions): Promise<PinUvAuthToken | undefined> {
    const token = await this.#renewToken(this.#permissions(), options);
    if (token === undefined) return undefined;
    this.#dropToken();
    this.#token = token;
    if (this.#closed) this.#forgetSecrets();
    return this.#token;
  }

  /** Only the PIN is at hand without the user. */
  async #renewToken(permissions: number, options: CallOptions): Promise<PinUvAuthToken | undefined> {
    const pin = this.#pin.reveal();
    if (pin === undefined || this.#closed) return undefined;
    const request = { method: { pin }, permissions, rpId: this.#request.rpId };
    const token = await getPinUvAuthToken(this.#opened(), this.#known(), request, options);
    return token.ok ? token.value : undefined;
  }

  async #setPin(text: string, change: boolean, options: CallOptions): Promise<Result<OperationBody, OperationError>> {
    const protocol = this.#protocol();
    if (!protocol.ok) return protocol;
    const { minPINLength, maxPINLength } = this.#known();
    const pin = validateNewPin(text, minPINLength, maxPINLength);
    if (!pin.ok) return failure(malformedResponse('clientPin', `The new PIN is ${pin.error}.`));
    const old = change ? this.#pin.reveal() : undefined;
    const device = this.#opened();
    const done =
      old === undefined
        ? await setPin(device, protocol.value, pin.value, options)
        : await changePin(device, protocol.value, old, pin.value, options);
    pin.value.fill(0);
    if (!done.ok) return done;
    this.#pin.keep(text);
    if (this.#closed) this.#forgetSecrets();
    return success({ type: 'pinSet' });
  }

  async #operate(plan: OperationPlan, options: CallOptions): Promise<Result<OperationBody, OperationError>> {
    const request = this.#request;
    const device = this.#opened();
    if (request.kind === 'registration') {
      const made =
        this.#info === undefined
          ? await registerU2f(device, request, options)
          : await register(this.#access(this.#info, options), request, plan);
      if (!made.ok) return made;
      this.#forgetSecrets();
      return success({ type: 'completed', outcome: made.value });
    }
    if (this.#info === undefined || plan.byU2f === true) {
      const signed = await authenticateU2f(device, request, plan, options);
      return signed.ok ? success({ type: 'completed', outcome: signed.value }) : signed;
    }
    const signed = await authenticate(this.#access(this.#info, options), request, plan);
    if (!signed.ok) return signed;
    this.#forgetSecrets();
    const [first, ...others] = signed.value;
    return success(
      others.length === 0
        ? { type: 'completed', outcome: first.outcome }
        : { type: 'accountsFound', accounts: signed.value },
    );
  }

  #protocol(): Result<PinUvAuthProtocolNumber, CommandError> {
    const protocol = choosePinUvAuthProtocol(this.#known());
    return protocol === undefined
      ? failure(malformedResponse('getInfo', 'It offers no PIN/UV auth protocol that is known here.'))
      : success(protocol);
  }

  #opened(): Device {
    if (this.#device === undefined) throw new Error('The key is not open.');
    return this.#device;
  }

  #known(): AuthenticatorInfo {
    if (this.#info === undefined) throw new Error('The key was not asked what it is.');
    return this.#info;
  }

  #dropToken(): void {
    this.#token?.destroy();
    this.#token = undefined;
  }

  #forgetSecrets(): void {
    this.#dropToken();
    this.#pin.forget();
  }
}
