import * as v from 'valibot';

import { CeremonyReason, ceremonyStateSchema } from './ceremony-state.ts';
import { metadataLookup } from './metadata.ts';
import { MAX_MODEL_LISTS, MAX_MODELS_IN_LIST } from './requirement-limits.ts';

/** Name under which the host is registered with the browsers. */
export const NATIVE_HOST_NAME = 'org.keystile.host';

const base64url = v.pipe(v.string(), v.maxLength(131_072), v.regex(/^[A-Za-z0-9_-]*$/));
const shortText = v.pipe(v.string(), v.maxLength(1024));
const milliseconds = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(72_000_000));
const empty = v.object({});
/** ID of the running `registration.start` or `authentication.start` request that the input is for. */
const ceremonyId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/));
/** 63 bytes of UTF-8 at most after normalisation; the key and the machine check the rest. */
const pin = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
/** The `productName` of the card that the state has told. */
const readerName = v.pipe(v.string(), v.maxLength(256));
const userVerification = v.picklist(['discouraged', 'preferred', 'required']);

const credentialDescriptor = v.object({
  id: base64url,
  transports: v.optional(v.pipe(v.array(shortText), v.maxLength(16))),
});
const credentialList = v.pipe(v.array(credentialDescriptor), v.maxLength(64));

const transportInfo = v.object({
  kind: v.picklist(['usb', 'nfc', 'udp']),
  available: v.boolean(),
  detail: v.optional(shortText),
});

/** Salts for hmac-secret, or what a key has made of them: 32 bytes each. */
const hmacSecretValue = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
const hmacSecretValues = v.object({ first: hmacSecretValue, second: v.exactOptional(hmacSecretValue) });

/** WebAuthn's extensions as the client has read them; what the page's options do not ask for is absent. */
const registrationExtensions = v.object({
  appIdExclude: v.exactOptional(shortText),
  /** CTAP's level; `enforce`: no credential rather than a less protected one. */
  credProtect: v.exactOptional(v.object({ level: v.picklist([1, 2, 3]), enforce: v.boolean() })),
  minPinLength: v.exactOptional(v.literal(true)),
  credBlob: v.exactOptional(base64url),
  hmacSecret: v.exactOptional(v.literal(true)),
  /** Salts as WebAuthn L3 §10.1.4 derives them from the page's input. */
  prf: v.exactOptional(v.object({ salts: v.exactOptional(hmacSecretValues) })),
  largeBlob: v.exactOptional(v.picklist(['preferred', 'required'])),
});
const authenticationExtensions = v.object({
  appId: v.exactOptional(shortText),
  getCredBlob: v.exactOptional(v.literal(true)),
  prf: v.exactOptional(
    v.object({
      salts: v.exactOptional(hmacSecretValues),
      byCredential: v.pipe(v.array(v.object({ id: base64url, salts: hmacSecretValues })), v.maxLength(64)),
    }),
  ),
  largeBlob: v.exactOptional(v.union([v.literal('read'), v.object({ write: base64url })])),
});

/** What came of them; the client makes the page's outputs of it. */
const registrationOutputs = v.object({
  credBlob: v.exactOptional(v.boolean()),
  hmacSecret: v.exactOptional(v.boolean()),
  prf: v.exactOptional(hmacSecretValues),
  largeBlob: v.exactOptional(v.boolean()),
});
const authenticationOutputs = v.object({
  /** The credential signed under the AppID. */
  appId: v.exactOptional(v.boolean()),
  credBlob: v.exactOptional(base64url),
  prf: v.exactOptional(hmacSecretValues),
  largeBlob: v.exactOptional(v.object({ blob: v.exactOptional(base64url), written: v.exactOptional(v.boolean()) })),
});

/** What the organisation's policy asks of a key: told before the key is asked, so that no credential is made in vain. */
const requirements = v.object({
  /** A model (32 hexadecimal digits, lower case) is allowed that any of them allows; empty: every model. */
  aaguids: v.pipe(
    v.array(
      v.object({
        type: v.picklist(['allow', 'block']),
        aaguids: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))), v.maxLength(MAX_MODELS_IN_LIST), v.readonly()),
      }),
    ),
    v.maxLength(MAX_MODEL_LISTS),
    v.readonly(),
  ),
  residentKey: v.boolean(),
  hmacSecret: v.boolean(),
});

const ceremonyEvents = { 'ceremony.state': ceremonyStateSchema };

/** What the background asks of the native host. */
export const nativeHop = {
  name: 'native',
  methods: {
    'host.hello': {
      params: v.object({ protocol: v.pipe(v.number(), v.integer()), client: v.object({ version: shortText }) }),
      result: v.object({
        name: v.literal(NATIVE_HOST_NAME),
        version: shortText,
        protocol: v.pipe(v.number(), v.integer()),
        platform: shortText,
        transports: v.pipe(v.array(transportInfo), v.maxLength(8)),
        /** The development transport is enabled. */
        development: v.boolean(),
      }),
      events: {},
    },
    'registration.start': {
      params: v.object({
        clientDataHash: base64url,
        rp: v.object({ id: shortText, name: shortText }),
        user: v.object({ id: base64url, name: shortText, displayName: shortText }),
        /** COSE algorithm identifiers in the site's order of preference. */
        algorithms: v.pipe(v.array(v.pipe(v.number(), v.integer())), v.minLength(1), v.maxLength(64)),
        excludeCredentials: credentialList,
        residentKey: v.picklist(['discouraged', 'preferred', 'required']),
        userVerification,
        extensions: v.optional(registrationExtensions),
        requirements: v.exactOptional(requirements),
        /** Asks for an enterprise attestation, of the kind that CTAP 2.2 §7.1 numbers so: 1 vendor-facilitated, 2 platform-managed. */
        enterpriseAttestation: v.exactOptional(v.picklist([1, 2])),
        /** Attestation formats in the site's order of preference. */
        attestationFormats: v.exactOptional(v.pipe(v.array(shortText), v.maxLength(64))),
        timeout: milliseconds,
        /** False holds back every request for presence until `ceremony.promptVisible`. */
        promptVisible: v.boolean(),
      }),
      result: v.object({
        attestationObject: base64url,
        /** From getInfo, plus the one used. */
        transports: v.pipe(v.array(shortText), v.maxLength(16)),
        /** The new credential is discoverable, if the key's answer tells. */
        discoverable: v.optional(v.boolean()),
        /** The key says that its attestation is an enterprise attestation: it names this very key. */
        enterpriseAttestation: v.exactOptional(v.literal(true)),
        extensions: v.optional(registrationOutputs),
      }),
      events: ceremonyEvents,
    },
    'authentication.start': {
      params: v.object({
        clientDataHash: base64url,
        rpId: shortText,
        allowCredentials: credentialList,
        userVerification,
        extensions: v.optional(authenticationExtensions),
        requirements: v.exactOptional(requirements),
        timeout: milliseconds,
        promptVisible: v.boolean(),
      }),
      result: v.object({
        credentialId: base64url,
        authenticatorData: base64url,
        signature: base64url,
        userHandle: v.optional(base64url),
        extensions: v.optional(authenticationOutputs),
      }),
      events: ceremonyEvents,
    },
    /** Removes a discoverable credential from the only key that is there; `notFound`: that key does not hold it. */
    'credential.delete': {
      params: v.object({ credentialId: base64url, pin: v.exactOptional(pin) }),
      result: v.object({
        outcome: v.picklist([
          'deleted',
          'notFound',
          'pinNeeded',
          'pinInvalid',
          'pinAuthBlocked',
          'pinBlocked',
          'pinNotSet',
          'notSupported',
          'noKey',
          'severalKeys',
          'failed',
        ]),
        pinRetries: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
      }),
      events: {},
    },
    /** What the FIDO metadata says of a model. */
    'metadata.lookup': metadataLookup,
    'ceremony.promptVisible': { params: v.object({ ceremonyId }), result: empty, events: {} },
    'ceremony.submitPin': { params: v.object({ ceremonyId, pin }), result: empty, events: {} },
    'ceremony.submitNewPin': { params: v.object({ ceremonyId, pin }), result: empty, events: {} },
    'ceremony.selectCredential': {
      params: v.object({ ceremonyId, index: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
      result: empty,
      events: {},
    },
    /** The person wants the card used that lies on this reader, and lay there before the request. */
    'ceremony.useCard': { params: v.object({ ceremonyId, readerName }), result: empty, events: {} },
  },
  error: v.object({
    reason: v.picklist([
      ...Object.values(CeremonyReason),
      /** The bytes were no message of this protocol. */
      'malformedMessage',
      'unknownMethod',
      'invalidParams',
      /** An input for a ceremony that does not run or does not want it now. */
      'notExpected',
      /** The other side speaks another version of the protocol. */
      'incompatible',
    ]),
    message: shortText,
  }),
} as const;
export type NativeHop = typeof nativeHop;
