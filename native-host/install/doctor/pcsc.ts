import type { PcscError, PcscProblem } from '../../pcsclite/errors.ts';
import type { Platform } from '../system.ts';
import type { Check, CheckRunner } from './check.ts';

/** Whether NFC keys can be reached: the PC/SC library, its service, a reader. Nothing of it is needed for USB keys. */
export const checkPcsc: CheckRunner = async ({ system, probes }) => {
  const readers = await probes.readers();
  if (!readers.ok) return [describe(system.platform, readers.error)];
  return [{ id: 'pcsc', state: 'ok', title: 'NFC and smart card readers are there', detail: readers.value.join(', ') }];
};

const TITLES: Record<PcscProblem, string> = {
  bindingMissing: 'NFC: the add-on for readers cannot be loaded',
  libraryMissing: 'NFC: the PC/SC library is missing',
  noService: 'NFC: the PC/SC service does not run',
  noReaders: 'NFC: no reader is plugged in',
  timeout: 'NFC: the PC/SC service does not answer',
  failed: 'NFC: the PC/SC service refuses',
};

const START_PCSCD = 'sudo systemctl enable --now pcscd.socket';
const INSTALL_PCSCD =
  'Debian, Ubuntu: sudo apt install pcscd libccid. Fedora: sudo dnf install pcsc-lite pcsc-lite-ccid. Arch: sudo pacman -S pcsclite ccid.';

const LINUX_REMEDIES: Partial<Record<PcscProblem, string>> = {
  libraryMissing: `For NFC keys, install it (Debian, Ubuntu: libpcsclite1; Fedora: pcsc-lite-libs) with the service. ${INSTALL_PCSCD}`,
  noService: `For NFC keys, install and start it. ${INSTALL_PCSCD} Then: ${START_PCSCD}`,
  timeout: 'Restart it: sudo systemctl restart pcscd',
  failed: 'Restart it: sudo systemctl restart pcscd. Over SSH, a polkit rule may keep readers from you.',
};

const WINDOWS_REMEDIES: Partial<Record<PcscProblem, string>> = {
  noService: 'For NFC keys, plug in a reader: Windows runs the service "Smart Card" (SCardSvr) only while there is one.',
  timeout: 'Restart the service "Smart Card" (SCardSvr).',
  failed: 'Restart the service "Smart Card" (SCardSvr).',
};

const COMMON_REMEDIES: Record<PcscProblem, string> = {
  bindingMissing: 'Install Keystile again.',
  libraryMissing: 'It is part of the system: repair the system installation.',
  noService: 'For NFC keys, plug in a reader.',
  noReaders: 'For NFC keys, plug in a reader with a contactless interface.',
  timeout: 'Unplug the reader and plug it in again.',
  failed: 'Unplug the reader and plug it in again.',
};

const REMEDIES: Record<Platform, Partial<Record<PcscProblem, string>>> = {
  linux: LINUX_REMEDIES,
  macos: {},
  windows: WINDOWS_REMEDIES,
};

function describe(platform: Platform, { problem, detail }: PcscError): Check {
  return {
    id: 'pcsc',
    state: 'warning',
    title: TITLES[problem],
    detail: `USB keys work without it. ${detail}`,
    remedy: REMEDIES[platform][problem] ?? COMMON_REMEDIES[problem],
  };
}
