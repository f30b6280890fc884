import { TransportProblem } from '../../transport/device.ts';
import type { Platform } from '../system.ts';
import type { CheckRunner } from './check.ts';

const REMEDIES: Record<Platform, string> = {
  linux:
    'Install the libraries it needs. Debian, Ubuntu: sudo apt install libudev1 libusb-1.0-0. Fedora: sudo dnf install systemd-libs libusb1. Arch: sudo pacman -S systemd-libs libusb.',
  macos: 'Install Keystile again: its add-on for USB is missing or of another processor type.',
  windows:
    'Install Keystile again. If that changes nothing, look for a rule that forbids loading the add-on (AppLocker, Windows Defender Application Control).',
};

/** Whether the add-on that reaches USB keys can be loaded. */
export const checkNodeHid: CheckRunner = async ({ system, probes }) => {
  const status = await probes.usb();
  // Who may open keys is for other checks to say; that it is known means that the add-on loads.
  if (status.available || status.problem === TransportProblem.accessDenied) return [{ id: 'node-hid', state: 'ok', title: 'USB HID can be used', detail: 'The add-on loads.' }];
  return [
    {
      id: 'node-hid',
      state: 'problem',
      title: 'USB HID cannot be used',
      detail: status.detail,
      remedy: REMEDIES[system.platform],
    },
  ];
};
