import { verifyAuthentication, verifyRegistration } from '../../native-host/ceremony/fixture.ts';
import type { Knobs } from '../../virtual-key/client.ts';
import { Fido2Tools, pemOf } from './fido2-tools.ts';
import type { Guest } from './guest.ts';

/** What one client needed of the key for one job. */
export interface Effort {
  /** CTAP commands, as the key's log names them. */
  readonly commands: readonly string[];
  /** HID packets without keepalives, both ways, CTAPHID_INIT among them; of 64 bytes each. */
  readonly packets: number;
}

/** The same job, by both. */
export interface Comparison {
  readonly job: string;
  readonly host: Effort;
  readonly tools: Effort;
}

/** Tells the person how many tries are left before the PIN is asked for, while they type; the tools do not tell. */
const FOR_THE_PROMPT = 'clientPin.getPinRetries';

/** CTAP exchanges for the job itself. */
export function exchangesOf({ commands }: Effort): number {
  return commands.filter((command) => command !== FOR_THE_PROMPT).length;
}

const PIN = 'compared';
const DISCOURAGED = { userVerification: 'discouraged', residentKey: 'discouraged' } as const;

interface Bench {
  readonly guest: Guest;
  readonly tools: Fido2Tools;
  readonly device: string;
}

/** A job: each client makes what it needs beforehand and gives the part that counts. */
interface Job {
  readonly name: string;
  readonly knobs: Knobs;
  readonly host: (bench: Bench) => Promise<() => Promise<void>>;
  readonly tools: (bench: Bench) => Promise<() => Promise<unknown>>;
}

function registration(name: string, withPin: boolean, residentKey: 'required' | 'discouraged'): Job {
  const resident = residentKey === 'required' ? 'r' : '';
  return {
    name,
    knobs: withPin ? { pin: PIN } : {},
    host: ({ guest }) => Promise.resolve(() => register(guest, withPin, residentKey).then(() => undefined)),
    tools: ({ tools, device }) =>
      Promise.resolve(() =>
        tools.makeCredential(device, withPin ? { letters: `${resident}v`, pins: [PIN] } : { letters: resident }),
      ),
  };
}

function authentication(name: string, { keyHasPin, withPin, withList }: { keyHasPin: boolean; withPin: boolean; withList: boolean }): Job {
  const residentKey = withList ? 'discouraged' : 'required';
  return {
    name,
    knobs: keyHasPin ? { pin: PIN } : {},
    async host({ guest }) {
      const credential = await register(guest, keyHasPin, residentKey);
      return async () => {
        const signingIn = guest.fixture.authenticate({
          allowCredentials: withList ? [{ id: credential.id }] : [],
          userVerification: withPin ? 'required' : 'discouraged',
        });
        if (withPin) {
          await signingIn.state('needsPin');
          await signingIn.submitPin(PIN);
        }
        await verifyAuthentication(signingIn, credential, { userVerified: withPin });
      };
    },
    async tools({ guest, tools, device }) {
      const { id, publicKey } = await register(guest, keyHasPin, residentKey);
      const credential = {
        publicKeyPem: pemOf(publicKey),
        rpId: 'example.org',
        ...(withList ? { id: Buffer.from(id, 'base64url').toString('base64') } : {}),
      };
      const letters = `p${withList ? '' : 'r'}${withPin ? 'v' : ''}`;
      return () => tools.getAssertion(device, credential, { letters, pins: withPin ? [PIN] : [] });
    },
  };
}

const JOBS: readonly Job[] = [
  registration('registration, no PIN set', false, 'discouraged'),
  registration('registration with PIN', true, 'discouraged'),
  registration('registration with PIN, discoverable', true, 'required'),
  authentication('authentication, no PIN set', { keyHasPin: false, withPin: false, withList: true }),
  authentication('authentication without the PIN that is set', { keyHasPin: true, withPin: false, withList: true }),
  authentication('authentication with PIN', { keyHasPin: true, withPin: true, withList: true }),
  authentication('authentication with PIN, discoverable', { keyHasPin: true, withPin: true, withList: false }),
];

/** Has both clients do the same jobs, each with a fresh key of the same kind that touches at once. */
export async function compareClients(guest: Guest): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const job of JOBS) {
    comparisons.push({
      job: job.name,
      host: await effortOf(guest, job, job.host),
      tools: await effortOf(guest, job, job.tools),
    });
  }
  return comparisons;
}

async function effortOf(guest: Guest, job: Job, prepare: Job['host'] | Job['tools']): Promise<Effort> {
  const key = await guest.fixture.plug(job.knobs);
  const bench: Bench = { guest, tools: new Fido2Tools(guest), device: await guest.deviceOf(key) };
  const work = await prepare(bench);
  const before = await guest.keys.state(key);
  await work();
  const after = await guest.keys.state(key);
  await guest.reset();
  return {
    commands: after.log.filter(({ index }) => index >= before.commandsSeen).map(({ command }) => command),
    packets: packetsOf(after) - packetsOf(before),
  };
}

function packetsOf({ traffic }: Awaited<ReturnType<Guest['keys']['state']>>): number {
  if (traffic === undefined) throw new Error('The key does not count packets.');
  return traffic.in + traffic.out - traffic.keepalives;
}

async function register(guest: Guest, withPin: boolean, residentKey: 'required' | 'discouraged'): ReturnType<typeof verifyRegistration> {
  const ceremony = guest.fixture.register(withPin ? { userVerification: 'required', residentKey } : { ...DISCOURAGED, residentKey });
  if (withPin) {
    await ceremony.state('needsPin');
    await ceremony.submitPin(PIN);
  }
  return await verifyRegistration(ceremony, { userVerified: withPin });
}
