import type { NativeHost } from './native-port.ts';
import type { Settings } from './settings.ts';

/** Keeps one badge on the toolbar button while Keystile stands aside: paused, or without its host. */
export function keepBadge(setBadge: (text: string) => void, host: NativeHost, settings: Settings): void {
  let shown = '';
  function update(): void {
    const text = settings.values.paused ? 'II' : host.status.status === 'unavailable' ? '!' : '';
    if (text === shown) return;
    shown = text;
    setBadge(text);
  }
  host.onStatus(update);
  settings.onChange(update);
}
