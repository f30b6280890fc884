import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import type { CborMap } from '../../../shared/cbor/value.ts';
import type { CallOptions, Device } from '../../transport/device.ts';
import { type CommandError, malformedResponse } from '../errors.ts';
import { countMember } from '../members.ts';
import { CtapStatus } from '../status.ts';
import { type CredentialManagementCommand, sendNext } from './credential-management.ts';

/** More than any key holds: a series that claims more is not believed. */
const MAX_ENTRIES = 4096;

/** A series of responses: how it goes on and how its entries are read. */
export interface Series<Entry> {
  readonly command: CredentialManagementCommand;
  /** Subcommand that asks for the next entry. */
  readonly next: 0x03 | 0x05;
  /** Key of the first response's member that tells how many there are. */
  readonly totalKey: number;
  /** Reads one entry; a text says what is wrong with it. */
  readonly decode: (map: CborMap) => Entry | string;
}

/** Collects a series from its first response on. A key that has nothing to tell answers `noCredentials`: no entries. */
export async function collectSeries<Entry extends object>(
  device: Device,
  first: Result<CborMap, CommandError>,
  { command, next, totalKey, decode }: Series<Entry>,
  options: CallOptions,
): Promise<Result<readonly Entry[], CommandError>> {
  if (!first.ok) {
    const { error } = first;
    return error.kind === 'ctap' && error.status === CtapStatus.noCredentials ? success([]) : failure(error);
  }
  const total = countMember(first.value, totalKey);
  // Some keys answer an empty map, or a total of zero, where there is nothing.
  if (total === 0 || first.value.size === 0) return success([]);
  if (total === undefined || total > MAX_ENTRIES) {
    return failure(malformedResponse(command, 'The number of entries is missing or beyond belief.'));
  }
  const entries: Entry[] = [];
  let response: Result<CborMap, CommandError> = first;
  for (;;) {
    const entry = decode(response.value);
    if (typeof entry === 'string') return failure(malformedResponse(command, entry));
    entries.push(entry);
    if (entries.length >= total) return success(entries);
    response = await sendNext(device, command, next, options);
    if (!response.ok) return response;
  }
}
