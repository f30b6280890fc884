import type { Probes } from '../../../../native-host/install/doctor/check.ts';
import type { HostHello } from '../../../../native-host/install/doctor/hello.ts';

/** What a host answers that is all right. */
export const HELLO: HostHello = {
  name: 'org.keystile.host',
  version: '1.2.3',
  protocol: 1,
  platform: 'linux-x64',
  transports: [
    { kind: 'usb', available: true },
    { kind: 'nfc', available: false, detail: 'no reader' },
  ],
  development: false,
};

/** Probes of a machine on which everything works, but for what is given. */
export function probesWith(probes: Partial<Probes> = {}): Probes {
  return {
    hello: () => Promise.resolve({ ok: true, value: HELLO }),
    usb: () => Promise.resolve({ available: true }),
    readers: () => Promise.resolve({ ok: true, value: ['ACS ACR122U 00 00'] }),
    ...probes,
  };
}
