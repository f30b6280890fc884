import { success } from '../../shared/bytes/result.ts';
import { PROTOCOL_VERSION } from '../../shared/wire/envelope.ts';
import { NATIVE_HOST_NAME } from '../../shared/wire/native.ts';
import type { Transport, TransportStatus } from '../transport/device.ts';
import { type HostHandlers, wireFailure } from './wire-error.ts';

/** Milliseconds after which a transport that has not told its status counts as unavailable in the first reply. */
const STATUS_DEADLINE = 500;

/** What the host says of itself. */
export interface HostFacts {
  readonly version: string;
  /** Operating system and architecture, as `linux-x64`. */
  readonly platform: string;
  /** The development transport is enabled. */
  readonly development: boolean;
}

/** Whether the other side has introduced itself. */
export interface Session {
  greeted: boolean;
}

/**
 * `host.hello`: the first request of every connection. Another version of the protocol is refused, so that both
 * sides can say "update" instead of misunderstanding each other.
 */
export function helloHandler(
  session: Session,
  facts: HostFacts,
  transports: readonly Transport[],
): HostHandlers['host.hello'] {
  return async ({ protocol }) => {
    if (protocol !== PROTOCOL_VERSION) {
      return wireFailure(
        'incompatible',
        `The host ${facts.version} speaks version ${PROTOCOL_VERSION.toString()} of the protocol, the extension version ${protocol.toString()}.`,
      );
    }
    const infos = await Promise.all(transports.map(describeTransport));
    session.greeted = true;
    return success({
      name: NATIVE_HOST_NAME,
      version: facts.version,
      protocol: PROTOCOL_VERSION,
      platform: facts.platform,
      transports: infos,
      development: facts.development,
    });
  };
}

interface TransportInfo {
  kind: Transport['kind'];
  available: boolean;
  detail?: string;
}

async function describeTransport(transport: Transport): Promise<TransportInfo> {
  const status = await withinDeadline(transport);
  return status.available
    ? { kind: transport.kind, available: true }
    : { kind: transport.kind, available: false, detail: status.detail.slice(0, 1024) };
}

async function withinDeadline(transport: Transport): Promise<TransportStatus> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<TransportStatus>((resolve) => {
    timer = setTimeout(() => {
      resolve({ available: false, problem: 'timeout', detail: 'The transport did not tell its state in time.' });
    }, STATUS_DEADLINE);
  });
  const status = await Promise.race([transport.status(), late]);
  clearTimeout(timer);
  return status;
}
