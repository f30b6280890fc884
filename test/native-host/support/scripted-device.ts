import type { Device } from '../../../native-host/transport/device.ts';
import { type Bytes, concatBytes } from '../../../shared/bytes/bytes.ts';
import { success } from '../../../shared/bytes/result.ts';
import { encodeCbor } from '../../../shared/cbor/codec.ts';
import type { CborValue } from '../../../shared/cbor/value.ts';

/** An opened key that answers what it is given, in that order, and keeps what it was asked. */
export interface ScriptedDevice extends Device {
  readonly requests: Bytes[];
}

/** Makes a device with the answers to come, for CTAP2 and U2F alike. Asked once too often, it throws. */
export function scriptedDevice(...answers: readonly Bytes[]): ScriptedDevice {
  const requests: Bytes[] = [];
  const left = [...answers];
  const exchange = (request: Bytes): ReturnType<Device['call']> => {
    requests.push(request);
    const answer = left.shift();
    if (answer === undefined) throw new Error('The script has no answer to that.');
    return Promise.resolve(success(answer));
  };
  return {
    requests,
    descriptor: { id: 'scripted', transport: 'udp', productName: '' },
    supportsCbor: true,
    supportsU2f: true,
    call: exchange,
    message: exchange,
    gone: new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
}

/** A CTAP2 response: status success and the encoded value. */
export function okResponse(value: CborValue): Bytes {
  return concatBytes(Uint8Array.of(0), encodeCbor(value));
}
