import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { verifyRegistration } from '../../native-host/ceremony/fixture.ts';
import { GUEST_RESULTS } from '../init-script.ts';
import { type Comparison, compareClients } from './comparison.ts';
import { Fido2Tools, pemOf } from './fido2-tools.ts';
import { Guest } from './guest.ts';

/** What is measured in the guest. Times are milliseconds on its emulated processors: good for ratios only. */
export interface GuestMeasures {
  readonly comparisons: readonly Comparison[];
  /** One assertion in the running host, from the request to the result. */
  readonly hostAssertions: readonly number[];
  /** The same by `fido2-assert -G`, from start to end of the program. */
  readonly toolAssertions: readonly number[];
  /** `fido2-assert` with nothing to do. */
  readonly toolStarts: readonly number[];
}

const RUNS = 15;

/** `node bench.mjs`, in the guest: measures and writes what it found. */
async function main(): Promise<void> {
  const guest = await Guest.start();
  const comparisons = await compareClients(guest);
  const measures: GuestMeasures = { comparisons, ...(await timeAssertions(guest)) };
  writeFileSync(path.join(GUEST_RESULTS, 'measures.json'), JSON.stringify(measures));
  await guest.stop();
}

async function timeAssertions(guest: Guest): Promise<Omit<GuestMeasures, 'comparisons'>> {
  const { fixture } = guest;
  const key = await fixture.plug();
  const device = await guest.deviceOf(key);
  const registration = fixture.register({ userVerification: 'discouraged', residentKey: 'discouraged' });
  const { id, publicKey } = await verifyRegistration(registration, { userVerified: false });
  const request = { allowCredentials: [{ id }], userVerification: 'discouraged' as const };
  const tools = new Fido2Tools(guest);
  const credential = { id: Buffer.from(id, 'base64url').toString('base64'), publicKeyPem: pemOf(publicKey), rpId: 'example.org' };
  const ask = tools.prepareAssertion(device, credential, 'p');

  const hostAssertions: number[] = [];
  const toolAssertions: number[] = [];
  const toolStarts: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    hostAssertions.push(await timed(() => fixture.authenticate(request).outcome));
    toolAssertions.push(await timed(ask));
    toolStarts.push(await timed(() => guest.run('fido2-assert', [])));
  }
  return { hostAssertions, toolAssertions, toolStarts };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
