import type { CeremonyRequest } from '../../../native-host/ceremony/request.ts';
import type { Fault } from './faults.ts';
import type { Host } from './host.ts';
import { type Report, runCeremony } from './person.ts';
import { OPENING } from './steps.ts';

/** One cell of the matrix. */
export interface Case {
  readonly scenario: string;
  readonly request: CeremonyRequest;
  readonly step: string;
  readonly fault: Fault;
}

/** Runs a ceremony without any fault, and lists its steps. Throws when it fails. */
export async function recordSteps(host: Host, request: CeremonyRequest): Promise<readonly string[]> {
  const steps = new Set<string>();
  host.transport.observer = {
    before: (step) => {
      steps.add(step);
      return Promise.resolve();
    },
    during: () => undefined,
  };
  await expectOk(host, request, 'without a fault');
  return [...steps];
}

/**
 * Runs a ceremony with a fault at one step, then one without.
 *
 * @returns how the first one ended; throws for anything that must never be.
 */
export async function runCase(host: Host, { request, step, fault }: Case): Promise<string> {
  // A card whose PIN will be entered may lie there already.
  if (host.params.isLaidDown && (step === OPENING || request.userVerification !== 'required')) await host.unplug();
  const { commandsSeen } = await host.state();
  let cancel = (): void => undefined;
  const progress = { isCaused: false };
  const cause = async (): Promise<void> => {
    if (progress.isCaused) return;
    progress.isCaused = true;
    if (fault.kind === 'packet') await host.arm({ ...fault.packet, step: 0, counts: step === OPENING ? 'opening' : 'messages' });
    if (fault.kind === 'rival') await host.params.rival?.(fault.what);
    if (fault.kind === 'cancel') cancel();
  };
  const isDuring = fault.kind === 'cancel' && fault.at === 'during';
  host.transport.observer = {
    before: async (each) => {
      if (each === step && !isDuring) await cause();
    },
    during: (each) => {
      if (each === step && isDuring) void cause();
    },
  };
  // A card is opened when it is laid down, before any ceremony sees it.
  if (step === OPENING && host.params.isLaidDown && fault.kind === 'packet') await cause();
  const report = await runCeremony(host, request, (how) => (cancel = how));
  host.transport.observer = undefined;
  if (!progress.isCaused) throw new Error('The step never came.');
  await checkPins(host, commandsSeen, step, fault, report);
  await rest(host, fault);
  await host.params.isFree();
  await expectOk(host, request, 'after the fault');
  if (report.complaints.length > 0) throw new Error(`${report.complaints.join('; ')}: ${describe(report)}`);
  return report.outcome === 'ok' && report.replugs > 0 ? 'ok, put back' : report.outcome;
}

/**
 * A PIN is tried when a person has entered it, and once more only in the place of a token that was spoilt or forgotten:
 * the key has taken it then, so that it costs nothing. It counts as wrong only when the fault made it so.
 */
async function checkPins(host: Host, since: number, step: string, fault: Fault, report: Report): Promise<void> {
  const { log, pinRetries } = await host.state();
  const tries = log.filter(({ index, command }) => index >= since && command.startsWith('clientPin.getPin') && command.includes('Token'));
  const wrong = tries.filter(({ status }) => status !== 0).length;
  const flips = fault.kind === 'packet' && fault.packet.action === 'flip' ? fault.packet.direction : undefined;
  const spoilt = flips === 'in' && step === 'PIN token' ? 1 : 0;
  const isTokenLost = flips !== undefined || isReset(fault);
  if (tries.length > report.pinsEntered + (isTokenLost ? 1 : 0)) {
    throw new Error(`${tries.length.toString()} PINs were tried: ${describe(report)}`);
  }
  if (wrong > spoilt || pinRetries < 8 - spoilt) throw new Error(`A PIN try was spent: ${describe(report)}`);
}

function isReset(fault: Fault): boolean {
  return fault.kind === 'rival' ? fault.what === 'reset' : fault.kind === 'packet' && fault.packet.action === 'reset';
}

/** The fault is over. A key that is stuck, or gone, is taken out and put back. */
async function rest(host: Host, fault: Fault): Promise<void> {
  await host.disarm();
  const isStuck = fault.kind === 'packet' && (fault.packet.action === 'mute' || fault.packet.action === 'drop');
  if (host.params.isLaidDown && isStuck) await host.unplug();
  await host.plug();
}

async function expectOk(host: Host, request: CeremonyRequest, when: string): Promise<void> {
  const report = await runCeremony(host, request);
  if (report.outcome !== 'ok' || report.complaints.length > 0) {
    throw new Error(`The ceremony ${when}: ${report.complaints.join('; ')} ${describe(report)}`);
  }
}

function describe({ outcome, states }: Report): string {
  return `${outcome} ${JSON.stringify(states.map(({ state }) => state))}`;
}
