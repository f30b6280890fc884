import { failure, success, type Result } from '../../shared/bytes/result.ts';

/** The extension that started the host, as the browser names it on the command line. */
export interface Caller {
  readonly browser: 'chromium' | 'firefox';
  readonly extensionId: string;
}

/** Extension IDs that may use the host. */
export interface AllowedCallers {
  readonly chromium: readonly string[];
  readonly firefox: readonly string[];
}

/** The program was started by something else than an allowed extension. */
export interface CallerRefused {
  readonly kind: 'callerRefused';
  readonly message: string;
}

const CHROMIUM_ORIGIN = /^chrome-extension:\/\/([a-p]{32})\/$/;

/**
 * Checks who started the host. The browser has checked its manifest before; this is the second look, for a manifest
 * that was changed.
 *
 * @param args what follows the script's path and the host's own options. Chromium passes the origin of the extension
 * (on Windows also `--parent-window`), Firefox the path of the manifest and the ID of the add-on.
 */
export function identifyCaller(args: readonly string[], allowed: AllowedCallers): Result<Caller, CallerRefused> {
  const words = args.filter((argument) => !argument.startsWith('--'));
  const [first, second] = words;
  if (first === undefined) return refuse('It is started by the browser, with the extension on the command line.');
  const chromium = CHROMIUM_ORIGIN.exec(first)?.[1];
  if (chromium !== undefined && words.length === 1) {
    if (!allowed.chromium.includes(chromium)) return refuse('The extension that started it is not allowed.');
    return success({ browser: 'chromium', extensionId: chromium });
  }
  if (second === undefined || words.length !== 2) return refuse('Its command line names no extension.');
  if (!allowed.firefox.includes(second)) return refuse('The add-on that started it is not allowed.');
  return success({ browser: 'firefox', extensionId: second });
}

function refuse(reason: string): Result<never, CallerRefused> {
  return failure({ kind: 'callerRefused', message: `The host serves Keystile's own extension only. ${reason}` });
}
