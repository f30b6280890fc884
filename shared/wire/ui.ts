import * as v from 'valibot';

import { CeremonyKind, CeremonyReason, ceremonyStateSchema } from './ceremony-state.ts';
import { ceremonyDetailSchema } from './inspector.ts';

const shortText = v.pipe(v.string(), v.maxLength(1024));
const empty = v.object({});
const pin = v.pipe(v.string(), v.minLength(1), v.maxLength(255));

/** Names of the runtime ports of the extension's own pages. */
export const UiPortName = { prompt: 'keystile-prompt', popup: 'keystile-popup' } as const;

/** Path of the prompt's page in the extension: the id that its `prompt.attach` names is the fragment. */
export function promptPagePath(promptId: string): string {
  return `ui/prompt/index.html#${promptId}`;
}

const kind = v.picklist(Object.values(CeremonyKind));

/** A check that the verifier failed, for the prompt and the popup. */
const failedCheck = v.object({ id: shortText, spec: shortText, detail: shortText });
export type FailedCheck = v.InferOutput<typeof failedCheck>;

/** Everything the prompt shows. Origin and rpId come from the browser's sender, never from the page. */
export const promptViewSchema = v.object({
  kind,
  rpId: shortText,
  origin: shortText,
  /** Registrable domain of `origin` (public suffix list with private domains), which the prompt emphasises. Absent: the whole host is. */
  site: v.optional(shortText),
  /** What the site is called: a known identity provider, or as the administrator says. Shown beside the origin. */
  siteName: v.exactOptional(shortText),
  /** The origin in the address bar, when the request comes from a frame of another site. */
  topOrigin: v.optional(shortText),
  /** Registrable domain of `topOrigin`. */
  topSite: v.optional(shortText),
  topSiteName: v.exactOptional(shortText),
  /** Registration: the account that the site names (untrusted text of the page). */
  userName: v.optional(shortText),
  /**
   * Registration: the site asks for an attestation, which tells the key's make and model, or (`enterprise`) the very
   * key. `shared`: the user lets it have that.
   */
  attestation: v.optional(v.object({ conveyance: v.picklist(['direct', 'enterprise']), shared: v.boolean() })),
  ceremony: ceremonyStateSchema,
  /** What the host can reach keys over; the prompt says "insert" or "tap" accordingly. Absent: USB. */
  transports: v.optional(v.pipe(v.array(v.picklist(['usb', 'nfc', 'udp'])), v.maxLength(8))),
  /** After a refusal by the verifier: what did not hold. */
  failedChecks: v.optional(v.pipe(v.array(failedCheck), v.maxLength(64))),
  /** A refused registration may have left its credential on the key: whether it can be removed, and what came of it. */
  deletion: v.exactOptional(
    v.object({
      state: v.picklist([
        'offered',
        'unknown',
        'needsPin',
        'working',
        'deleted',
        'notFound',
        'notSupported',
        'noKey',
        'severalKeys',
        'pinAuthBlocked',
        'pinBlocked',
        'pinNotSet',
        'failed',
      ]),
      isPinWrong: v.exactOptional(v.literal(true)),
      pinRetries: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    }),
  ),
  /** "Use the browser instead" can still be offered. */
  canUseBrowser: v.boolean(),
});
export type PromptView = v.InferOutput<typeof promptViewSchema>;

/** Prompt window -> background. `prompt.attach` lives as long as the window shows the ceremony; its events are the views. */
export const promptHop = {
  name: 'prompt',
  methods: {
    'prompt.attach': {
      params: v.object({ promptId: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)) }),
      result: empty,
      events: { 'prompt.view': promptViewSchema },
    },
    /** The prompt has painted the site's name and is visible: the key may now be asked for presence. */
    'prompt.visible': { params: empty, result: empty, events: {} },
    'prompt.submitPin': { params: v.object({ pin }), result: empty, events: {} },
    'prompt.submitNewPin': { params: v.object({ pin }), result: empty, events: {} },
    'prompt.selectCredential': {
      params: v.object({ index: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
      result: empty,
      events: {},
    },
    /** The card that lies on this reader, and lay there before the request, is to be used. */
    'prompt.useCard': { params: v.object({ readerName: v.pipe(v.string(), v.maxLength(256)) }), result: empty, events: {} },
    /** Whether the site gets the attestation that it asks for. */
    'prompt.shareAttestation': { params: v.object({ shared: v.boolean() }), result: empty, events: {} },
    /** Removes the credential of a refused registration from its key. */
    'prompt.deleteCredential': { params: v.object({ pin: v.exactOptional(pin) }), result: empty, events: {} },
    'prompt.cancel': { params: empty, result: empty, events: {} },
    'prompt.useBrowser': { params: empty, result: empty, events: {} },
  },
  error: v.object({ message: shortText }),
} as const;
export type PromptHop = typeof promptHop;

/** Whether the native host can be used, and if not, why. */
export const hostStatusSchema = v.variant('status', [
  v.object({ status: v.literal('unknown') }),
  v.object({
    status: v.literal('ready'),
    version: shortText,
    development: v.boolean(),
    transports: v.array(
      v.object({ kind: v.picklist(['usb', 'nfc', 'udp']), available: v.boolean(), detail: v.optional(shortText) }),
    ),
  }),
  v.object({
    status: v.literal('unavailable'),
    problem: v.picklist(['notInstalled', 'blockedByPolicy', 'notAllowed', 'failedToStart', 'incompatible', 'crashed']),
    /** For the developer: the browser's own text, or what the host said. May be empty. */
    detail: shortText,
    /** Of a host that is incompatible, where it tells. */
    version: v.optional(shortText),
  }),
]);
export type HostStatus = v.InferOutput<typeof hostStatusSchema>;

/** A past ceremony in the popup's list. Times in milliseconds (since the epoch, and as a span). */
export const ceremonySummarySchema = v.object({
  id: shortText,
  kind,
  origin: shortText,
  rpId: shortText,
  startedAt: v.number(),
  duration: v.number(),
  outcome: v.picklist(['succeeded', 'failed', 'standAside']),
  reason: v.optional(v.union([v.picklist(Object.values(CeremonyReason)), shortText])),
  verdict: v.optional(v.picklist(['accepted', 'refused', 'unverifiable'])),
  failedChecks: v.optional(v.array(failedCheck)),
  /** The key gave an enterprise attestation. */
  enterpriseAttestation: v.exactOptional(v.literal(true)),
  /** Details are kept, in this place. */
  detail: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(63))),
});
export type CeremonySummary = v.InferOutput<typeof ceremonySummarySchema>;

/** How calls come: `off` is by the page script; all others say what became of the browser's proxy that the administrator wants. */
const interception = v.picklist(['off', 'attached', 'detached', 'taken', 'unsupported']);

/** Why the user cannot change something: the administrator has decided, or the window is a private one, of which nothing is kept. */
const lock = v.exactOptional(v.picklist(['administrator', 'private']));

/** The site of the tab that the popup was opened over. */
const siteView = v.object({
  host: shortText,
  /** What it is called, where known. */
  name: v.exactOptional(shortText),
  /** Keystile takes its requests. */
  isUsed: v.boolean(),
  lock,
  /** Why its last request was left to the browser, if it was. */
  lastLeft: v.exactOptional(shortText),
  /** The bundled profile for it, with everything that the profile changes. */
  profile: v.exactOptional(
    v.object({
      id: shortText,
      isOn: v.boolean(),
      lock,
      /** Every host that it is for. */
      hosts: v.pipe(v.array(shortText), v.maxLength(16)),
      changes: v.pipe(
        v.array(
          v.variant('kind', [
            v.object({ kind: v.literal('pageVariable'), variable: shortText, value: shortText }),
            v.object({ kind: v.literal('userAgent'), product: v.literal('chrome') }),
          ]),
        ),
        v.maxLength(16),
      ),
    }),
  ),
});
export type SiteView = v.InferOutput<typeof siteView>;

/** Everything the popup shows. */
export const popupViewSchema = v.object({
  version: shortText,
  paused: v.boolean(),
  host: hostStatusSchema,
  interception,
  /** Absent where the tab shows nothing that has WebAuthn. */
  site: v.exactOptional(siteView),
  /** Settings of the administrator that cannot be used, by their place. */
  managedProblems: v.pipe(v.array(v.object({ path: shortText, detail: shortText })), v.maxLength(64)),
  /** Newest first. */
  ceremonies: v.pipe(v.array(ceremonySummarySchema), v.maxLength(50)),
});
export type PopupView = v.InferOutput<typeof popupViewSchema>;

/** Characters of JSON of known credentials that one message takes. A record is far smaller: a part holds one at least. */
export const MAX_CREDENTIALS_PART = 131_072;

/** A credential that is known: what names it, and its other public data, which an export takes along. */
const knownCredential = v.looseObject({ rpId: shortText, credentialId: v.pipe(v.string(), v.maxLength(2048)) });
const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const knownCredentials = v.object({
  registered: v.array(knownCredential),
  learned: v.array(knownCredential),
  next: v.exactOptional(index),
});
export type KnownCredentialsView = Omit<v.InferOutput<typeof knownCredentials>, 'next'>;

/** Popup -> background. `popup.attach` lives as long as the popup is open; its events are the views. */
export const popupHop = {
  name: 'popup',
  methods: {
    'popup.attach': { params: empty, result: empty, events: { 'popup.view': popupViewSchema } },
    'popup.setPaused': { params: v.object({ paused: v.boolean() }), result: empty, events: {} },
    /** Leaves a site (a domain, with everything below it) to the browser, or no longer. */
    'popup.setSiteUsed': { params: v.object({ host: shortText, isUsed: v.boolean() }), result: empty, events: {} },
    'popup.setSiteProfile': { params: v.object({ id: shortText, isOn: v.boolean() }), result: empty, events: {} },
    'popup.checkHost': { params: empty, result: empty, events: {} },
    'popup.clearCeremonies': { params: empty, result: empty, events: {} },
    /** The details of a ceremony by its summary's id; an error when they are not kept (any more). */
    'popup.ceremonyDetail': { params: v.object({ id: shortText }), result: ceremonyDetailSchema, events: {} },
    /** As many as one message takes, from the one at that place; `next` is the place of the first that is left. */
    'popup.knownCredentials': { params: v.object({ from: index }), result: knownCredentials, events: {} },
    'popup.forgetCredential': {
      params: v.object({ rpId: shortText, credentialId: v.pipe(v.string(), v.maxLength(2048)) }),
      result: empty,
      events: {},
    },
    /** Takes up what an export gave, or a part of it; `added` counts what was new. `isUnsaved`: the browser did not store the rest. */
    'popup.importCredentials': {
      params: v.object({ credentials: v.unknown() }),
      result: v.object({ added: index, isUnsaved: v.exactOptional(v.literal(true)) }),
      events: {},
    },
  },
  error: v.object({ message: shortText }),
} as const;
export type PopupHop = typeof popupHop;
