/** Events by which a person activates a document. Source: HTML "activation triggering input event". */
const GESTURES = ['keydown', 'mousedown', 'pointerdown', 'pointerup', 'touchend'] as const;

/** The activation of this document by its user. */
export interface UserActivation {
  /**
   * Takes the transient activation, which is then used up: it is there again after the next gesture.
   *
   * Source: WebAuthn L3 §5.1.3 step 2 (registration in a frame of another origin).
   *
   * @returns whether there was one.
   */
  take(): boolean;
}

/**
 * An extension can see an activation, but not consume it; so the use is remembered here, and the gestures after the
 * first use are watched. Scripts of the page reach none of it: this world is not theirs, and their events are not trusted.
 */
export function createUserActivation(): UserActivation {
  /** No gesture since the last use. */
  let isUsed = false;
  let isWatching = false;

  function onGesture({ isTrusted }: Event): void {
    if (isTrusted) isUsed = false;
  }

  return {
    take() {
      if (!navigator.userActivation.isActive || isUsed) return false;
      isUsed = true;
      if (!isWatching) for (const gesture of GESTURES) window.addEventListener(gesture, onGesture, { capture: true, passive: true });
      isWatching = true;
      return true;
    },
  };
}
