import { systemEnvironment } from '../../virtual-key/authenticator/environment.ts';
import { startVirtualKey } from '../../virtual-key/start.ts';

/** A key without PIN that tells when it was asked and when it was touched. Times are the wall clock in milliseconds. */
export interface TimedKey {
  /** `KEYSTILE_DEV_HID_UDP` of the host. */
  readonly devices: string;
  /** When it got its last getAssertion. */
  askedAt(): Promise<number>;
  /** When it was last touched. */
  touchedAt(): number;
  /** Touches by itself at once, some time after it is asked, or never. */
  setTouch(touch: 'instant' | 'soon' | 'manual'): Promise<void>;
  /** Touches the key as soon as it waits for that. */
  touchWhenAsked(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds from presence asked to touch: longer than what is still going on then, and easy to recognise. */
const TOUCH_DELAY = 137;

/** Starts one, with the clock of a page's `performance.timeOrigin + performance.now()`. */
export async function startTimedKey(): Promise<TimedKey> {
  const system = systemEnvironment();
  const now = (): number => performance.timeOrigin + performance.now();
  let touched = Number.NaN;
  const virtualKey = await startVirtualKey({
    udp: [0],
    environment: {
      ...system,
      now,
      schedule: (delay, action) =>
        system.schedule(delay, () => {
          if (delay === TOUCH_DELAY) touched = now();
          action();
        }),
    },
  });
  const { client } = virtualKey;
  const id = await client.addAuthenticator({ protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, keystile: {} });
  return {
    devices: virtualKey.udpPorts.map((port) => `127.0.0.1:${port.toString()}`).join(','),
    async askedAt() {
      const { log } = await client.state(id);
      return log.findLast(({ command }) => command === 'getAssertion')?.at ?? Number.NaN;
    },
    touchedAt: () => touched,
    setTouch: (touch) => client.configure(id, { touch: touch === 'soon' ? { mode: 'delay', ms: TOUCH_DELAY } : { mode: touch } }),
    async touchWhenAsked() {
      await client.waitFor(id, 'waitingForTouch');
      await client.touch(id);
    },
    close: () => virtualKey.close(),
  };
}
