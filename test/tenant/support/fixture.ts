import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { startTenant, type Tenant, type TenantOptions } from '../start.ts';
import { TenantClient } from './client.ts';
import { SoftwareKey } from './software-key.ts';

/** A clock a test moves by hand. */
export interface TestClock {
  (): number;
  advance(ms: number): void;
}

/** A clock that stands at a fixed time until it is moved. */
export function testClock(): TestClock {
  let now = Date.UTC(2026, 0, 1);
  return Object.assign(() => now, {
    advance: (ms: number): void => {
      now += ms;
    },
  });
}

/** A path for a data file in a folder of its own, removed after the test. */
export async function temporaryDataFile(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenant-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'data.json');
}

/** The code of `alice` and `bob` in tests. */
export const TEST_CODE = 'FIRST-SIGN-IN';

/** Starts a tenant with the users alice and bob, closed after the test. */
export async function startTestTenant(options: Partial<TenantOptions> = {}): Promise<Tenant> {
  const tenant = await startTenant({
    dataFile: options.dataFile ?? (await temporaryDataFile()),
    users: [
      { name: 'alice', code: TEST_CODE },
      { name: 'bob', code: TEST_CODE },
    ],
    onInternalError: (error) => {
      throw error instanceof Error ? error : new Error(String(error));
    },
    ...options,
  });
  onTestFinished(() => tenant.close());
  return tenant;
}

/** A client signed in with the access code of a user. */
export async function signedInClient(tenant: Tenant, userName = 'alice'): Promise<TenantClient> {
  const client = new TenantClient(tenant.origin);
  const { status } = await client.signInWithCode(userName, TEST_CODE);
  if (status !== 200) throw new Error(`The access code of ${userName} was refused.`);
  return client;
}

/** A user who has registered a key: the key and the user handle (base64url). */
export async function registeredKey(tenant: Tenant, userName = 'alice'): Promise<{ key: SoftwareKey; userHandle: string; client: TenantClient }> {
  const client = await signedInClient(tenant, userName);
  const key = new SoftwareKey();
  const { status } = await client.register(key);
  if (status !== 200) throw new Error('The key was not registered.');
  const { body } = await client.me();
  const { id } = body['user'] as { id: string };
  return { key, userHandle: id, client };
}
