import type { TransportError } from '../../../native-host/transport/device.ts';
import type { ReportListener, ReportPipe } from '../../../native-host/transport/hid/report-pipe.ts';
import type { CardFailure, CardLink } from '../../../native-host/transport/nfc/card-link.ts';
import type { Bytes } from '../../../shared/bytes/bytes.ts';
import { decodeHex, encodeHex } from '../../../shared/bytes/hex.ts';
import { success, type Result } from '../../../shared/bytes/result.ts';

/**
 * Traffic between host and key as text: one packet or APDU a line, `>` to the key, `<` from it, in hexadecimal. Lines that
 * begin with `#` are comments, with `=` results of the host's in JSON.
 */
export interface Traffic {
  readonly comment: string;
  readonly packets: readonly Packet[];
  /** What the host made of it, one JSON text for each step. */
  readonly results: readonly string[];
}

/** One packet or APDU. */
export interface Packet {
  readonly direction: '>' | '<';
  readonly bytes: Bytes;
}

/** Writes traffic as text. */
export function formatTraffic({ comment, packets, results }: Traffic): string {
  const lines = packets.map(({ direction, bytes }) => `${direction} ${encodeHex(bytes)}`);
  return [...comment.split('\n').map((line) => `# ${line}`), ...lines, ...results.map((result) => `= ${result}`), ''].join('\n');
}

/** Reads traffic. @throws TypeError for a line that is none of the four kinds. */
export function parseTraffic(text: string): Traffic {
  const packets: Packet[] = [];
  const results: string[] = [];
  const comment: string[] = [];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [mark, rest] = [line[0], line.slice(2)];
    const bytes = decodeHex(rest);
    if (mark === '#') comment.push(rest);
    else if (mark === '=') results.push(rest);
    else if ((mark === '>' || mark === '<') && bytes !== undefined) packets.push({ direction: mark, bytes });
    else throw new TypeError(`Not a line of traffic: ${line}`);
  }
  return { comment: comment.join('\n'), packets, results };
}

/** Gives the recorded answers to the recorded requests, in their order, and nothing else. */
export class Replay {
  readonly #packets: readonly Packet[];
  #position = 0;

  constructor(packets: readonly Packet[]) {
    this.#packets = packets;
  }

  /** Whether everything that was recorded has happened. */
  get isComplete(): boolean {
    return this.#position === this.#packets.length;
  }

  /** Takes a packet of the host's. @throws Error when it is not the recorded one. @returns the packets that follow from the key. */
  send(bytes: Uint8Array): readonly Bytes[] {
    const recorded = this.#packets[this.#position];
    const line = (this.#position + 1).toString();
    if (recorded?.direction !== '>') throw new Error(`Packet ${line}: the host sends ${encodeHex(bytes)}, where nothing of it was recorded.`);
    if (encodeHex(recorded.bytes) !== encodeHex(bytes)) {
      throw new Error(`Packet ${line}: recorded ${encodeHex(recorded.bytes)}, sent ${encodeHex(bytes)}.`);
    }
    this.#position += 1;
    const rest = this.#packets.slice(this.#position);
    const next = rest.findIndex(({ direction }) => direction === '>');
    const answers = next === -1 ? rest : rest.slice(0, next);
    this.#position += answers.length;
    return answers.map((packet) => packet.bytes);
  }
}

/** A key over reports, behind a function that gives each report's answers, now or later. */
export function reportPipe(exchange: (report: Bytes, reply: (answer: Bytes) => void) => void): ReportPipe {
  let listener: ReportListener | undefined;
  return {
    reportSize: 64,
    listen: (listening) => {
      listener = listening;
    },
    write: (report): Promise<Result<undefined, TransportError>> => {
      exchange(report, (answer) => queueMicrotask(() => listener?.report(answer)));
      return Promise.resolve(success(undefined));
    },
    close: () => Promise.resolve(),
  };
}

/** A card, behind a function that answers APDUs. */
export function cardLink(transmit: (apdu: Bytes) => Promise<Bytes>): CardLink {
  const done = (): Promise<Result<undefined, CardFailure>> => Promise.resolve(success(undefined));
  return {
    protocol: 't1',
    gone: new Promise(() => undefined),
    transmit: async (apdu) => success(await transmit(apdu)),
    begin: done,
    renew: done,
    end: () => Promise.resolve(),
  };
}
