import { setTimeout as setTimeoutAsPromised } from 'node:timers/promises';

import type { Result } from '../../shared/bytes/result.ts';
import { type BlobOptions, type MetadataBlob, verifyMetadataBlob } from '../../shared/verifier/mds/blob.ts';
import type { LookupProblem, MetadataKey } from '../../shared/verifier/mds/metadata-index.ts';
import type { MetadataEntry } from '../../shared/verifier/mds/entry.ts';
import type { System } from '../install/system.ts';
import type { Download, Downloader } from './download.ts';
import { FIDO_SIGNER_NAME, fidoRoots, readRoot } from './root.ts';
import { cacheFolder, type MetadataSettings, readMetadataSettings } from './settings.ts';
import { afterFailure, afterSuccess, readUpdateState, untilNextAttempt, type UpdateState } from './update-schedule.ts';

/** What the host knows of the metadata. */
export type MetadataStatus =
  /** Nothing was set up, or nothing usable is there. */
  | { readonly state: 'none'; readonly detail: string }
  /** `stale`: the date of the next one is past. Dates in milliseconds since 1970. */
  | { readonly state: 'current' | 'stale'; readonly no: number; readonly nextUpdate: number };

/** The FIDO metadata, as the host has it. */
export interface MetadataStore {
  /** Waits for the first load. Never rejects. */
  status(): Promise<MetadataStatus>;
  /** Resolves when there is something current, or when a running update has been waited for long enough. Never rejects. */
  ready(): Promise<void>;
  /** Looks up a model; `undefined` without metadata. */
  find(key: MetadataKey): Promise<Result<MetadataEntry, LookupProblem> | undefined>;
  /** Resolves when no update is running (for tests and the command line). */
  settled(): Promise<void>;
  /** Ends updates. */
  end(): void;
}

/** What the store works with. */
export interface MetadataStoreOptions {
  readonly system: System;
  readonly download: Downloader;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** For diagnostics. */
  readonly log: (text: string) => void;
  /** Milliseconds from the beginning of an update for which it is waited for. */
  readonly patience?: number;
}

/** Milliseconds; a registration waits for it at its end. */
const PATIENCE = 10_000;

/** Node's longest timer, in milliseconds. */
const MAX_TIMER = 0x7fff_ffff;
const MAX_BLOB = 64 * 1024 * 1024;
const PRIVATE = 0o600;

/**
 * Builds the store. Nothing is read before the first use. The last good BLOB is kept on disk, and whatever is read from
 * there is verified like what comes from the net; a new one that does not verify, or is older, changes nothing.
 */
export function createMetadataStore({ system, download, now, log, patience = PATIENCE }: MetadataStoreOptions): MetadataStore {
  const folder = cacheFolder(system);
  const blobFile = system.path.join(folder, 'metadata.jwt');
  const stateFile = system.path.join(folder, 'metadata-update.json');
  const ending = new AbortController();
  let loading: Promise<void> | undefined;
  let updating: Promise<void> = Promise.resolve();
  /** As `updating`, but no longer than it is waited for. */
  let awaited: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let current: MetadataBlob | undefined;
  let problem = 'No metadata is set up.';

  function load(): Promise<void> {
    loading ??= loadFromDisk().catch(onFault);
    return loading;
  }

  function isStale({ nextUpdate }: MetadataBlob): boolean {
    return now() > nextUpdate;
  }

  /** Metadata never keeps a ceremony from its end. */
  function onFault(fault: unknown): void {
    complain(`a fault of the host's own (${fault instanceof Error ? fault.name : 'unknown'}).`);
  }

  function complain(text: string): void {
    problem = text;
    log(`Metadata: ${text}`);
  }

  async function loadFromDisk(): Promise<void> {
    const settings = await readMetadataSettings(system);
    if (!settings.ok) complain(settings.error);
    if (!settings.ok || settings.value === undefined) return;
    const trust = await trustOf(settings.value);
    if (!trust.ok) {
      complain(trust.error);
      return;
    }
    await adoptFile(blobFile, trust.value);
    const { file, url } = settings.value;
    if (file !== undefined && (await adoptFile(file, trust.value)) === 'missing') complain(`${file} is not there.`);
    if (url !== undefined) schedule(await readUpdateState(system.files, stateFile, url), trust.value);
    if (file === undefined && url === undefined) complain('The settings name neither a file nor an address.');
  }

  async function trustOf({ root, signerName }: MetadataSettings): Promise<Result<Pick<BlobOptions, 'anchors' | 'signerName'>, string>> {
    const anchors = root === undefined ? fidoRoots() : await readRoot(system.files, root);
    if (!anchors.ok) return anchors;
    const name = signerName ?? (root === undefined ? FIDO_SIGNER_NAME : undefined);
    return { ok: true, value: { anchors: anchors.value, ...(name === undefined ? {} : { signerName: name }) } };
  }

  async function adoptFile(file: string, trust: Pick<BlobOptions, 'anchors' | 'signerName'>): Promise<'adopted' | 'missing' | 'refused'> {
    const content = await system.files.read(file, MAX_BLOB);
    if (!content.ok && content.error.problem === 'missing') return 'missing';
    if (!content.ok) {
      complain(`${file}: ${content.error.detail}`);
      return 'refused';
    }
    return (await adopt(Buffer.from(content.value).toString('latin1'), trust, file)) ? 'adopted' : 'refused';
  }

  /** Takes a BLOB if it is good and not older than the one that is there; a newer one goes to disk. */
  async function adopt(text: string, trust: Pick<BlobOptions, 'anchors' | 'signerName'>, from: string): Promise<boolean> {
    const verified = await verifyMetadataBlob(text, {
      ...trust,
      now: now(),
      ...(current === undefined ? {} : { previousNo: current.no }),
    });
    if (!verified.ok) {
      complain(`${from}: ${verified.error.detail}`);
      return false;
    }
    const isNewer = current === undefined || verified.value.no > current.no;
    if (!isNewer) return true;
    current = verified.value;
    if (from === blobFile) return true;
    const written = await system.files.write(blobFile, text, PRIVATE);
    if (!written.ok) log(`Metadata: ${written.error.path}: ${written.error.detail}`);
    return true;
  }

  function schedule(state: UpdateState, trust: Pick<BlobOptions, 'anchors' | 'signerName'>): void {
    if (ending.signal.aborted) return;
    // Without any BLOB the state on disk says nothing of use, but the wait after failures.
    const due = current === undefined && state.failures === 0 ? { url: state.url, nextAttempt: 0, failures: 0 } : state;
    const wait = Math.min(untilNextAttempt(due, now()), MAX_TIMER);
    const run = (): void => {
      updating = update(due, trust).then((next) => schedule(next, trust)).catch(onFault);
      awaited = Promise.race([updating, setTimeoutAsPromised(patience, undefined, { ref: false })]);
    };
    if (wait === 0) {
      run();
    } else {
      timer = setTimeout(run, wait);
      timer.unref();
    }
  }

  async function update(state: UpdateState, trust: Pick<BlobOptions, 'anchors' | 'signerName'>): Promise<UpdateState> {
    // A mark of another BLOB than the one that is here (another host's, or one that could not be kept) says nothing.
    const etag = current !== undefined && current.no === state.no ? state.etag : undefined;
    const loaded = await download(state.url, etag, ending.signal);
    // The browser has gone: that is no failure of the server's, which would put off the next attempt.
    if (ending.signal.aborted) return state;
    if (!loaded.ok) complain(`${state.url}: ${loaded.error}`);
    const isGood = loaded.ok && (loaded.value.kind === 'unchanged' || (await adopt(loaded.value.text, trust, state.url)));
    const next = isGood ? afterSuccess(state, now(), markOf(loaded.value, etag)) : afterFailure(state, now());
    const written = await system.files.write(stateFile, JSON.stringify(next), PRIVATE);
    if (!written.ok) log(`Metadata: ${written.error.path}: ${written.error.detail}`);
    return next;
  }

  function markOf(download: Download, known: string | undefined): Pick<UpdateState, 'etag' | 'no'> {
    const etag = download.kind === 'content' ? download.etag : known;
    return etag === undefined || current === undefined ? {} : { etag, no: current.no };
  }

  return {
    async status() {
      await load();
      if (current === undefined) return { state: 'none', detail: problem };
      const { no, nextUpdate } = current;
      return { state: isStale(current) ? 'stale' : 'current', no, nextUpdate };
    },
    async ready() {
      await load();
      if (current === undefined || isStale(current)) await awaited;
    },
    async find(key) {
      await load();
      return current?.index.find(key);
    },
    async settled() {
      await load();
      await updating;
    },
    end() {
      ending.abort();
      clearTimeout(timer);
    },
  };
}
