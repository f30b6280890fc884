import { Platform } from '../system.ts';
import type { CheckRunner } from './check.ts';

/** Build of Windows 10 version 1903: from it on, FIDO HID is closed to processes without administrator rights. */
const FIRST_CLOSED_BUILD = 18_362;

/** Whether Windows lets ordinary programs open FIDO keys over USB. */
export const checkWindowsHid: CheckRunner = ({ system }) => {
  const id = 'windows-hid';
  if (system.platform !== Platform.windows) {
    return [{ id, state: 'skipped', title: 'USB keys on Windows: a matter of Windows only', detail: '' }];
  }
  const build = Number(system.release.split('.')[2]);
  if (!Number.isInteger(build)) {
    return [
      {
        id,
        state: 'warning',
        title: 'The version of Windows is not known',
        detail: `The system calls itself ${system.release}.`,
        remedy: `Run winver: from build ${FIRST_CLOSED_BUILD.toString()} on, USB keys go through Windows itself.`,
      },
    ];
  }
  if (build < FIRST_CLOSED_BUILD) {
    return [{ id, state: 'ok', title: 'Windows lets programs open USB keys', detail: `Build ${build.toString()}.` }];
  }
  return [
    {
      id,
      state: 'warning',
      title: 'Windows keeps USB keys to itself',
      detail: `Since version 1903 (this is build ${build.toString()}) only administrators' programs may open FIDO keys over USB. Keystile cannot reach USB keys here: without a reader it leaves requests to the browser.`,
      remedy: 'Nothing is to be mended: for a USB key choose "Use the browser instead" in the prompt, NFC keys go through Keystile.',
    },
  ];
};
