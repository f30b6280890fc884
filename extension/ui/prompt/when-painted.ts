/**
 * Calls back once when what is rendered now has been painted in a visible document: after the next frame, and not
 * before the window can be seen (a minimised or covered window waits).
 */
export function whenPainted(document: Document, callback: () => void): void {
  if (document.visibilityState !== 'visible') {
    document.addEventListener('visibilitychange', () => whenPainted(document, callback), { once: true });
    return;
  }
  // The callback of a frame runs before its paint; the task after it, when the paint is done.
  requestAnimationFrame(() => setTimeout(() => {
    if (document.visibilityState === 'visible') callback();
    else whenPainted(document, callback);
  }));
}
