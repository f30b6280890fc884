/* eslint-disable @typescript-eslint/unbound-method -- the accessors themselves are what is looked at */
import type { Realm } from '../../support/page-call.ts';

/** Sections of WebAuthn L3 that the calls are about. */
export const SECTIONS = ['5.1.3 create', '5.1.4 get', '5.2 responses', '5.4 options of create', '5.5 options of get', '5.8.1 client data', '10 extensions of create', '10 extensions of get'] as const;
export type Section = (typeof SECTIONS)[number];

/** How each call ended, by section and name: what a page can see of it, without what differs from key to key. */
export type Outcomes = Readonly<Record<Section, Readonly<Record<string, string>>>>;

/**
 * Makes all calls of the sections, one after the other, in a page that has one security key: with user verification, discoverable
 * credentials and the extensions prf, largeBlob, credBlob and minPinLength, which is touched at once.
 */
export function makeCalls(page: Realm, sections: readonly Section[] = SECTIONS): Promise<Outcomes> {
  return page.evaluate(async (wanted) => {
    const bytes = (length: number, value = 1): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
    const outcomes: Record<string, Record<string, string>> = {};
    const container = navigator.credentials as unknown as Record<'create' | 'get', (options: unknown) => Promise<unknown>>;
    const host = location.hostname;

    const plain = (value: unknown): unknown => {
      if (value instanceof ArrayBuffer) return `ArrayBuffer ${value.byteLength.toString()}`;
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
    };
    const tell = async (call: () => Promise<unknown>): Promise<string> => {
      try {
        const made = await call();
        if (!(made instanceof PublicKeyCredential)) return String(made);
        const { response } = made;
        return JSON.stringify([
          made.type, made.authenticatorAttachment, plain(made.getClientExtensionResults()),
          response instanceof AuthenticatorAttestationResponse
            ? [response.getTransports(), response.getPublicKeyAlgorithm(), response.getPublicKey()?.byteLength]
            : (response as AuthenticatorAssertionResponse).userHandle?.byteLength,
        ]);
      } catch (error) {
        // The texts are the browser's, but for errors that come from the page itself.
        return error instanceof DOMException || error instanceof Error ? `${error.constructor.name} ${error.name}` : `thrown ${String(error)}`;
      }
    };
    const record = async (section: Section, name: string, call: () => Promise<unknown>): Promise<void> => {
      if (!wanted.includes(section)) return;
      (outcomes[section] ??= {})[name] = await tell(call);
    };

    const creation = (change: object = {}): Record<string, unknown> => ({
      rp: { name: 'Lab' }, user: { id: bytes(4), name: 'a', displayName: 'b' }, challenge: bytes(16), pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { userVerification: 'required' }, ...change,
    });
    const known = (await container.create({
      publicKey: creation({
        user: { id: bytes(9), name: 'known', displayName: 'known' },
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        extensions: { prf: {}, largeBlob: { support: 'required' }, credBlob: bytes(5) },
      }),
    })) as PublicKeyCredential;
    const allowed = { type: 'public-key', id: known.rawId };
    const request = (change: object = {}): Record<string, unknown> => ({ challenge: bytes(16), userVerification: 'required', allowCredentials: [allowed], ...change });
    const create = (section: Section, name: string, change: object, beside: object = {}): Promise<void> =>
      record(section, name, () => container.create({ publicKey: creation(change), ...beside }));
    const get = (section: Section, name: string, change: object, beside: object = {}): Promise<void> =>
      record(section, name, () => container.get({ publicKey: request(change), ...beside }));

    // Arguments beside publicKey, and which of two mistakes wins.
    const foreign = { rp: { id: 'example.com', name: 'Lab' } };
    const tooLong = { user: { id: bytes(65), name: 'a', displayName: 'b' } };
    const noAlgorithm = { pubKeyCredParams: [{ type: 'other', alg: -7 }] };
    const aborted = { signal: AbortSignal.abort('reason') };
    for (const mediation of ['optional', 'required']) {
      await create('5.1.3 create', `mediation ${mediation}`, {}, { mediation });
      await get('5.1.4 get', `mediation ${mediation}`, {}, { mediation });
    }
    await create('5.1.3 create', 'aborted before', {}, aborted);
    await create('5.1.3 create', 'aborted before, and user.id too long', tooLong, aborted);
    await create('5.1.3 create', 'user.id too long, and RP ID of others', { ...tooLong, ...foreign });
    await create('5.1.3 create', 'no algorithm, and RP ID of others', { ...noAlgorithm, ...foreign });
    await create('5.1.3 create', 'no algorithm, and user.id too long', { ...noAlgorithm, ...tooLong });
    await create('5.1.3 create', 'appid, and RP ID of others', { ...foreign, extensions: { appid: 'x' } });
    await create('5.1.3 create', 'excluded', { excludeCredentials: [allowed] });
    await get('5.1.4 get', 'aborted before', {}, aborted);
    await get('5.1.4 get', 'password: false', {}, { password: false });
    await get('5.1.4 get', 'unknown member', {}, { unheardOf: true });
    await get('5.1.4 get', 'credProps, and RP ID of others', { rpId: 'example.com', extensions: { credProps: true } });

    // Objects of the responses.
    const refusal = (call: () => unknown): string => {
      try {
        return `gave ${String(call())}`;
      } catch (error) {
        return (error as Error).name;
      }
    };
    const { port1 } = new MessageChannel();
    const source = (owner: object, name: string): string => {
      const descriptor = Object.getOwnPropertyDescriptor(owner, name);
      return Function.prototype.toString.call(descriptor?.get ?? descriptor?.value);
    };
    await record('5.2 responses', 'cannot be cloned', () =>
      Promise.resolve([refusal(() => structuredClone(known)), refusal(() => structuredClone(known.response)), refusal(() => { port1.postMessage(known); }), refusal(() => { history.replaceState(known, ''); })].join()),
    );
    await record('5.2 responses', 'JSON survives the way through text', () => Promise.resolve(JSON.stringify(Object.keys(JSON.parse(JSON.stringify(known)) as object))));
    await record('5.2 responses', 'source texts', () =>
      Promise.resolve([
        ...['create', 'get', 'store'].map((name) => source(CredentialsContainer.prototype, name)), source(Credential.prototype, 'id'),
        ...['rawId', 'response', 'toJSON', 'getClientExtensionResults'].map((name) => source(PublicKeyCredential.prototype, name)),
        source(AuthenticatorAttestationResponse.prototype, 'getPublicKey'), source(Function.prototype, 'toString'), refusal(() => Function.prototype.toString.call({})),
      ].join()),
    );

    // Options.
    const LIST = (length: number): unknown[] => Array.from({ length }, (_each, index) => ({ type: 'public-key', id: bytes(16, index) }));
    for (const id of ['', '.localhost', 'localhost.', 'LOCALHOST', 'example.com', 'com', `${host}:80`, ` ${host}`, '127.0.0.1', '*', null]) {
      await create('5.4 options of create', `rp.id ${JSON.stringify(id)}`, { rp: { id, name: 'Lab' } });
      await get('5.5 options of get', `rpId ${JSON.stringify(id)}`, { rpId: id });
    }
    for (const length of [0, 1, 64, 65]) await create('5.4 options of create', `user.id of ${length.toString()} bytes`, { user: { id: bytes(length), name: 'a', displayName: 'b' } });
    for (const [name, pubKeyCredParams] of Object.entries({
      none: [], unknown: [{ type: 'public-key', alg: -999 }], text: [{ type: 'public-key', alg: '-7' }], 'not a number': [{ type: 'public-key', alg: NaN }],
      'other type': [{ type: 'other', alg: -7 }], 'other type first': [{ type: 'other', alg: -8 }, { type: 'public-key', alg: -7 }], null: null,
    })) await create('5.4 options of create', `pubKeyCredParams ${name}`, { pubKeyCredParams });
    await create('5.4 options of create', 'empty names', { rp: { name: '' }, user: { id: bytes(4), name: '', displayName: '' } });
    await create('5.4 options of create', 'long names', { rp: { name: 'é'.repeat(300) }, user: { id: bytes(4), name: 'ü'.repeat(300), displayName: '☃'.repeat(300) } });
    await create('5.4 options of create', 'empty challenge', { challenge: bytes(0) });
    for (const attestation of ['none', 'unheard-of', '', null]) await create('5.4 options of create', `attestation ${JSON.stringify(attestation)}`, { attestation });
    for (const residentKey of ['required', 'preferred', 'discouraged', 'unheard-of', null]) {
      await create('5.4 options of create', `residentKey ${String(residentKey)}`, { authenticatorSelection: { residentKey, userVerification: 'required' }, extensions: { credProps: true } });
    }
    for (const authenticatorAttachment of ['cross-platform', 'unheard-of', '', null]) {
      await create('5.4 options of create', `authenticatorAttachment ${String(authenticatorAttachment)}`, { authenticatorSelection: { authenticatorAttachment, userVerification: 'required' } });
    }
    await create('5.4 options of create', 'authenticatorSelection null', { authenticatorSelection: null });
    for (const length of [64, 65]) await create('5.4 options of create', `${length.toString()} excluded`, { excludeCredentials: LIST(length) });
    await create('5.4 options of create', 'excluded null', { excludeCredentials: null });
    await create('5.4 options of create', 'attestationFormats null', { attestationFormats: null });
    for (const hints of [['security-key'], ['client-device'], ['hybrid'], ['unheard-of', 'hybrid', 'security-key'], 'security-key', null]) {
      await create('5.4 options of create', `hints ${JSON.stringify(hints)}`, { hints });
      await get('5.5 options of get', `hints ${JSON.stringify(hints)}`, { hints });
    }
    await get('5.5 options of get', 'empty challenge', { challenge: bytes(0) });
    await get('5.5 options of get', '64 allowed', { allowCredentials: [...LIST(63), allowed] });
    await get('5.5 options of get', '65 allowed', { allowCredentials: [...LIST(64), allowed] });
    await get('5.5 options of get', 'allowed of another type first', { allowCredentials: [{ ...allowed, type: 'other' }, allowed] });
    await get('5.5 options of get', 'unknown transports', { allowCredentials: [{ ...allowed, transports: ['unheard-of', 'usb'] }] });
    await get('5.5 options of get', 'transports null', { allowCredentials: [{ ...allowed, transports: null }] });
    await get('5.5 options of get', 'allowed null', { allowCredentials: null });

    const clientDataOf = ({ response }: PublicKeyCredential): string => new TextDecoder().decode(response.clientDataJSON);
    // Chromium adds a member to some, so that sites get used to more.
    const usual = (text: string): string => text.replace(/,"other_keys_can_be_added_here":"[^"]*"/, '');
    await record('5.8.1 client data', 'create', () => Promise.resolve(usual(clientDataOf(known))));
    await record('5.8.1 client data', 'get', async () => usual(clientDataOf((await container.get({ publicKey: request({ challenge: bytes(33, 255) }) })) as PublicKeyCredential)));

    // Extensions.
    const both = {
      'none': {}, 'null': null, 'text': 'x', 'a list': [], 'a buffer': new ArrayBuffer(0), 'unknown': { unheardOf: { deep: true } },
      'credProps': { credProps: true }, 'credProps false': { credProps: false }, 'minPinLength': { minPinLength: true }, 'uvm': { uvm: true },
      'appid': { appid: `https://${host}/app` }, 'appid null': { appid: null }, 'appid of others': { appid: 'https://example.com' },
      'appidExclude of others': { appidExclude: 'https://example.com' }, 'appidExclude null': { appidExclude: null },
      'prf': { prf: {} }, 'prf null': { prf: null }, 'prf text': { prf: 'x' }, 'prf eval without first': { prf: { eval: { second: bytes(3) } } }, 'prf eval text': { prf: { eval: { first: 'x' } } },
      'prf by an unknown credential': { prf: { evalByCredential: { AA: { first: bytes(1) } } } }, 'prf by no base64url': { prf: { evalByCredential: { '=!': { first: bytes(1) } } } },
      'prf by an empty name': { prf: { evalByCredential: { '': { first: bytes(1) } } } },
      'prf of one value': { prf: { eval: { first: bytes(3) } } }, 'prf of two values': { prf: { eval: { first: bytes(3), second: bytes(0) } } },
      'largeBlob': { largeBlob: { support: 'preferred' } }, 'largeBlob unheard-of': { largeBlob: { support: 'unheard-of' } }, 'largeBlob null': { largeBlob: null }, 'largeBlob read': { largeBlob: { read: true } },
      'largeBlob read false': { largeBlob: { read: false } }, 'largeBlob write': { largeBlob: { write: bytes(3) } }, 'largeBlob read and write': { largeBlob: { read: true, write: bytes(3) } },
      'credBlob': { credBlob: bytes(8) }, 'credBlob too long': { credBlob: bytes(33) }, 'credBlob text': { credBlob: 'x' }, 'credBlob null': { credBlob: null }, 'getCredBlob': { getCredBlob: true },
      'policy unheard-of': { credentialProtectionPolicy: 'unheard-of' }, 'policy enforced, none given': { enforceCredentialProtectionPolicy: true },
    };
    for (const [name, extensions] of Object.entries(both)) {
      await create('10 extensions of create', name, { extensions });
      await create('10 extensions of create', `${name}, discoverable`, { extensions, authenticatorSelection: { residentKey: 'required', userVerification: 'required' } });
      await get('10 extensions of get', name, { extensions });
    }
    for (const residentKey of ['required', 'discouraged']) {
      for (const userVerification of ['required', 'preferred']) {
        for (const credentialProtectionPolicy of ['userVerificationOptional', 'userVerificationOptionalWithCredentialIDList', 'userVerificationRequired']) {
          for (const enforceCredentialProtectionPolicy of [true, false]) {
            const name = `${credentialProtectionPolicy}, enforced ${enforceCredentialProtectionPolicy.toString()}, rk ${residentKey}, uv ${userVerification}`;
            await create('10 extensions of create', name, { authenticatorSelection: { residentKey, userVerification }, extensions: { credentialProtectionPolicy, enforceCredentialProtectionPolicy } });
          }
        }
      }
    }
    await get('10 extensions of get', 'prf by credential', { extensions: { prf: { evalByCredential: { [known.id]: { first: bytes(2), second: bytes(3) } } } } });
    await get('10 extensions of get', 'prf by credential, none allowed', { allowCredentials: [], extensions: { prf: { evalByCredential: { [known.id]: { first: bytes(2) } } } } });
    await get('10 extensions of get', 'largeBlob write, two allowed', { allowCredentials: [allowed, { type: 'public-key', id: bytes(16) }], extensions: { largeBlob: { write: bytes(2) } } });
    return outcomes;
  }, sections) as Promise<Outcomes>;
}
