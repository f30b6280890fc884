import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { emptyData, type TenantData, tenantDataSchema } from './data.ts';

/** The data file exists but cannot be used. It has not been touched. */
export class TenantDataError extends Error {
  override readonly name = 'TenantDataError';
}

/**
 * The tenant's data: in memory for reading, in one JSON file for keeping. The file is replaced as a whole
 * (temporary file, flush, rename), so a crash leaves the old or the new state and never half of one.
 */
export class TenantStore {
  readonly #file: string;
  #data: TenantData;
  #lastUpdate: Promise<unknown> = Promise.resolve();

  private constructor(file: string, data: TenantData) {
    this.#file = file;
    this.#data = data;
  }

  /**
   * Opens the data file, or starts with empty data when there is none.
   * @throws TenantDataError when the file cannot be read as tenant data; the file stays as it is.
   */
  static async open(file: string): Promise<TenantStore> {
    return new TenantStore(file, await readData(file));
  }

  /** The present data. Not to be changed: use `update`. */
  get data(): Readonly<TenantData> {
    return this.#data;
  }

  /**
   * Applies `change` to a copy of the data, writes it, and only then makes it the present data.
   * Updates run one after the other. Rejects, with the data unchanged, when `change` throws or writing fails.
   */
  update<Value>(change: (draft: TenantData) => Value): Promise<Value> {
    const update = this.#lastUpdate.then(async () => {
      const draft = structuredClone(this.#data);
      const value = change(draft);
      await writeAtomically(this.#file, `${JSON.stringify(draft, undefined, 2)}\n`);
      this.#data = draft;
      return value;
    });
    // The caller sees a failure; the queue only needs to know that this update is over.
    this.#lastUpdate = update.catch(() => undefined);
    return update;
  }

  /** Resolves when every update begun so far is on disk (or has failed). */
  async settle(): Promise<void> {
    await this.#lastUpdate;
  }
}

async function readData(file: string): Promise<TenantData> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return emptyData();
    throw new TenantDataError(`The data file ${file} cannot be read: ${String(error)}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(file, 'it is not JSON', error);
  }
  const parsed = v.safeParse(tenantDataSchema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw unusable(file, `at "${v.getDotPath(issue) ?? 'the top'}": ${issue.message}`, undefined);
}

function unusable(file: string, why: string, cause: unknown): TenantDataError {
  return new TenantDataError(
    `The data file ${file} does not hold tenant data (${why}). It was left as it is. ` +
      'Restore a copy of it, move it away to start empty, or name another file.',
    { cause },
  );
}

async function writeAtomically(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
