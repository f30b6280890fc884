import type { Bytes } from '../../../shared/bytes/bytes.ts';
import type { Environment } from '../authenticator/environment.ts';
import type { AuthenticatorPort } from '../authenticator/exchange.ts';
import { HidKey } from './ctaphid/hid-key.ts';
import { CTAPHID_SHAPE } from './ctaphid/packet-shape.ts';
import { REPORT_SIZE } from './ctaphid/packets.ts';
import type { Face, Slot } from './face.ts';
import { UhidConnection } from './uhid/connection.ts';
import { decodeEvent, encodeCreate, encodeDestroy, encodeInput, encodeRefusal, FIDO_REPORT_DESCRIPTOR } from './uhid/events.ts';

/** pid.codes' vendor, and a product that it gives to tests. */
const VENDOR = 0x1209;
const PRODUCT = 0x0001;

/**
 * A USB key's slot in the kernel: the key is a HID device with a `/dev/hidraw` node as long as it is plugged in. Linux only,
 * as root, with the kernel module `uhid`. The address is what the device says as its HID_UNIQ.
 */
export class UhidSlot implements Slot {
  readonly transport = 'usb';
  readonly shape = CTAPHID_SHAPE;
  readonly address: string;
  readonly #number: number;
  readonly #connection: UhidConnection;
  #key: HidKey | undefined;

  /** Throws when `/dev/uhid` cannot be opened. */
  constructor(number: number) {
    this.#number = number;
    this.address = `keystile-virtual-${process.pid.toString()}-${number.toString()}`;
    this.#connection = new UhidConnection((event) => this.#receive(event));
  }

  get occupied(): boolean {
    return this.#key !== undefined;
  }

  insert(authenticator: AuthenticatorPort, environment: Environment): Face {
    this.#key = new HidKey(this.address, authenticator, environment, {
      on: () => this.#create(),
      off: () => this.#connection.write(encodeDestroy()),
    });
    this.#create();
    return this.#key;
  }

  remove(): void {
    this.#key?.unplug();
    this.#key = undefined;
  }

  async close(): Promise<void> {
    this.remove();
    await this.#connection.close();
  }

  #create(): void {
    this.#connection.write(
      encodeCreate({
        name: `Keystile virtual key ${this.#number.toString()}`,
        unique: this.address,
        vendorId: VENDOR,
        productId: PRODUCT,
        reportDescriptor: FIDO_REPORT_DESCRIPTOR,
      }),
    );
  }

  #receive(bytes: Bytes): void {
    const event = decodeEvent(bytes);
    const key = this.#key;
    if (event === undefined || key?.plugged !== true) return;
    if (event.kind === 'getReport' || event.kind === 'setReport') {
      this.#connection.write(encodeRefusal({ kind: event.kind, id: event.id }));
    }
    if (event.kind !== 'output') return;
    // Linux puts the report ID in front, which is 0 for a device without IDs.
    const report = event.report.length === REPORT_SIZE + 1 ? event.report.slice(1) : event.report;
    key.receive(report, (answer) => this.#connection.write(encodeInput(answer)));
  }
}
