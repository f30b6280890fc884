import { RELAY_PORT_NAME } from '../../shared/wire/page.ts';
import { UiPortName } from '../../shared/wire/ui.ts';
import type { RuntimePort } from '../platform/ports.ts';
import { POPUP_PAGE } from './popup-port.ts';
import { PROMPT_PAGE } from './prompts.ts';
import { isOwnPage } from './sender.ts';

/** Who serves which connection. */
export interface Routes {
  readonly extensionId: string;
  /** Absolute URL of a file of the extension. */
  readonly url: (path: string) => string;
  readonly page: (port: RuntimePort) => void;
  readonly prompt: (port: RuntimePort) => void;
  readonly popup: (port: RuntimePort) => void;
}

/**
 * Takes a connection to where it belongs. A name is only a claim: the prompt and the popup are served when the
 * browser says that their own page connected, and a page is served as whoever the browser says it is. What fits
 * nowhere is disconnected.
 */
export function routeConnection(port: RuntimePort, routes: Routes): void {
  const isFrom = (path: string): boolean => isOwnPage(port.sender, routes.extensionId, routes.url(path));
  if (port.name === RELAY_PORT_NAME) routes.page(port);
  else if (port.name === UiPortName.prompt && isFrom(PROMPT_PAGE)) routes.prompt(port);
  else if (port.name === UiPortName.popup && isFrom(POPUP_PAGE)) routes.popup(port);
  else port.disconnect();
}
