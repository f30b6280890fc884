import { parseArgs } from 'node:util';

import { failure, success, type Result } from '../../shared/bytes/result.ts';

/** Which key the demonstration uses. */
export type StartDevice = 'virtual' | 'usb' | 'nfc';

/** What `npm start` was asked to do. */
export interface StartArguments {
  /** No window: the demonstration performs every step by itself. */
  readonly headless: boolean;
  /** The last line of standard output is one JSON object. */
  readonly json: boolean;
  readonly device: StartDevice;
  /** Program of an installed browser of the Chromium family. */
  readonly browser: string | undefined;
}

export const USAGE = `npm start -- [--headless] [--json] [--device virtual|usb|nfc] [--browser PROGRAM]

  --headless   no window; every step is performed automatically (the default where there is no display)
  --json       print {ok, steps: [{name, ok, ms, detail}]} as the last line
  --device     virtual (default): a software key; usb, nfc: a real one that you plug in or hold to the reader
  --browser    an installed Chromium, Chrome, Edge, Brave or Vivaldi`;

/** Whether a window can be opened here. */
export function hasDisplay(platform: NodeJS.Platform, env: Readonly<Record<string, string | undefined>>): boolean {
  if (platform === 'win32' || platform === 'darwin') return true;
  return Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
}

/** Reads the command line. The error is a sentence for the person who typed it. */
export function parseStartArguments(args: readonly string[], display: boolean): Result<StartArguments, string> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        headless: { type: 'boolean' },
        json: { type: 'boolean' },
        device: { type: 'string', default: 'virtual' },
        browser: { type: 'string' },
      },
    }));
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error));
  }
  const { device } = values;
  const headless = values.headless ?? !display;
  if (device !== 'virtual' && device !== 'usb' && device !== 'nfc') {
    return failure(`There is no device "${device}". Use virtual, usb or nfc.`);
  }
  if (device !== 'virtual' && headless) {
    return failure('A real key needs a person and a window: start this with a display and without --headless.');
  }
  return success({ headless, json: values.json ?? false, device, browser: values.browser });
}
