/** What the operating system tells about a HID device, as node-hid hands it on. */
export interface HidDeviceInfo {
  readonly path?: string | undefined;
  readonly vendorId: number;
  readonly productId: number;
  readonly product?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly usagePage?: number | undefined;
  readonly usage?: number | undefined;
}

/** A FIDO key as the operating system lists it. */
export interface FidoDevice {
  readonly path: string;
  /** May be empty. */
  readonly productName: string;
  /** May be empty. */
  readonly serialNumber: string;
  /** The key is known not to take CTAP2 commands, whatever it claims. */
  readonly withoutCbor: boolean;
}

// CTAP 2.2 §11.2.8.2: the FIDO Alliance's usage page and the usage "CTAPHID".
const FIDO_USAGE_PAGE = 0xf1d0;
const CTAPHID_USAGE = 0x01;

const MAX_PRODUCT_NAME = 128;

/** U2F Zero and Nitrokey FIDO U2F: they hang on CTAPHID_CBOR. */
const WITHOUT_CBOR = new Set(['10c4:8acf', '20a0:4287']);

/** Picks the FIDO keys out of a list of HID devices. */
export function selectFidoDevices(devices: readonly HidDeviceInfo[]): readonly FidoDevice[] {
  const found: FidoDevice[] = [];
  for (const { path, vendorId, productId, product, serialNumber, usagePage, usage } of devices) {
    if (path === undefined || path === '' || usagePage !== FIDO_USAGE_PAGE || usage !== CTAPHID_USAGE) continue;
    found.push({
      path,
      productName: (product ?? '').trim().slice(0, MAX_PRODUCT_NAME),
      serialNumber: (serialNumber ?? '').trim().slice(0, MAX_PRODUCT_NAME),
      withoutCbor: WITHOUT_CBOR.has(`${hex4(vendorId)}:${hex4(productId)}`),
    });
  }
  return found;
}

function hex4(number: number): string {
  return number.toString(16).padStart(4, '0');
}
