import * as v from 'valibot';

import { StandAsideReason } from './page.ts';

/**
 * What only the frame itself can tell, read by the relay in its isolated world, where no script of the page reaches.
 * Origin, tab, frame and document are not here: they come from the browser's `sender`.
 */
const frameFacts = v.object({
  /** Permissions policy for the method in this frame; absent where the browser has no way to ask. */
  allowedByPolicy: v.optional(v.boolean()),
  /** The browser refuses WebAuthn to this document for its TLS certificate; absent also where that cannot be found out. */
  certificateRefused: v.optional(v.boolean()),
  visible: v.boolean(),
  /** Registration in a frame: whether the user activated the frame since its last registration. */
  activated: v.optional(v.boolean()),
  /**
   * Origins of the frame's ancestors, where the browser tells them to the frame (`location.ancestorOrigins`). They
   * know opaque origins, which URLs do not show; the background uses them only to trust a frame less.
   */
  ancestorOrigins: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(4096))), v.maxLength(64))),
});
export type FrameFacts = v.InferOutput<typeof frameFacts>;

const method = {
  params: v.object({ options: v.unknown(), frame: frameFacts }),
  result: v.variant('outcome', [
    // Built by the background, decoded for the page by the page script: here only carried.
    v.object({ outcome: v.literal('credential'), credential: v.unknown() }),
    v.object({ outcome: v.literal('standAside'), reason: v.picklist(Object.values(StandAsideReason)) }),
  ]),
  events: {},
};

/** What the relay of a frame asks of the background: the page's call, with the facts of its frame. */
export const runtimeHop = {
  name: 'runtime',
  methods: { create: method, get: method },
  error: v.object({ name: v.string(), message: v.string() }),
} as const;
export type RuntimeHop = typeof runtimeHop;
