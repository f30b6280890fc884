import { failure, success, type Result } from '../../../shared/bytes/result.ts';

/** Where a development key listens for CTAPHID reports. */
export interface UdpPair {
  /** A loopback address: 127.x.y.z or ::1. */
  readonly host: string;
  readonly port: number;
  /** Port to which the key sends its reports, if it does not send them to the sender. */
  readonly replyPort?: number;
}

const MAX_PAIRS = 64;
const PAIR = /^(?<host>\[::1\]|localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}):(?<port>\d{1,5})(?::(?<replyPort>\d{1,5}))?$/;

/**
 * Parses the value of `KEYSTILE_DEV_HID_UDP`: `host:port[:replyPort]`, several separated by commas. Loopback only: the
 * datagrams are neither encrypted nor authenticated.
 *
 * @returns the pairs, none for an empty text, or a sentence about the first one that is wrong.
 */
export function parseUdpPairs(text: string): Result<readonly UdpPair[], string> {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length > MAX_PAIRS) return failure(`More than ${MAX_PAIRS.toString()} development keys.`);
  const pairs: UdpPair[] = [];
  for (const entry of entries) {
    const pair = parsePair(entry);
    if (pair === undefined) {
      return failure(`"${entry}" is not host:port[:replyPort] with a loopback host and ports of 1 to 65535.`);
    }
    pairs.push(pair);
  }
  return success(pairs);
}

function parsePair(entry: string): UdpPair | undefined {
  const groups = PAIR.exec(entry)?.groups;
  if (groups === undefined) return undefined;
  const host = parseHost(groups['host'] ?? '');
  const port = parsePort(groups['port'] ?? '');
  if (host === undefined || port === undefined) return undefined;
  const reply = groups['replyPort'];
  if (reply === undefined) return { host, port };
  const replyPort = parsePort(reply);
  return replyPort === undefined ? undefined : { host, port, replyPort };
}

function parseHost(host: string): string | undefined {
  if (host === 'localhost') return '127.0.0.1';
  if (host === '[::1]') return '::1';
  return host.split('.').every((part) => Number(part) <= 255) ? host : undefined;
}

function parsePort(text: string): number | undefined {
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}
