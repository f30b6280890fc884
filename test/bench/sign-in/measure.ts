import { callCreate, type Realm } from '../../support/page-call.ts';
import { startTenant } from '../../tenant/start.ts';
import { formatSummary, summarise, type Summary } from '../statistics.ts';
import { CHROMIUM_PAGE_LANE, CHROMIUM_PROXY_LANE } from './chromium-lanes.ts';
import { FIREFOX_LANE } from './firefox-lane.ts';
import type { Lane, OpenLane } from './lane.ts';
import { startTimedKey, type TimedKey } from './timed-key.ts';

/** The spans of a mediated `get()`, and the browser's own beside it. All in milliseconds. */
export interface SignInTimes {
  /** Page call -> the key gets the command that asks for presence; the prompt is visible by then. */
  readonly callToPresence: Summary;
  /** The key is touched -> the page's promise is resolved. */
  readonly touchToResolved: Summary;
  /** Both together without the time that the key waited for its touch. */
  readonly own: Summary;
  /** `get()` of the same page, served by the browser with its own virtual authenticator. */
  readonly native: Summary;
  /** Parts of `callToPresence`, from separate runs: when the prompt's document began, and when it had painted. */
  readonly callToPromptDocument: Summary;
  readonly callToPromptPainted: Summary;
  /** In the same runs: the part of `callToPresence` until the prompt had painted; not a time. */
  readonly promptShare: Summary;
}

/** By the lane's name; a text says why a lane was not measured. */
export type LaneTimes = ReadonlyMap<string, SignInTimes | string>;

const LANES: readonly Lane[] = [CHROMIUM_PAGE_LANE, CHROMIUM_PROXY_LANE, FIREFOX_LANE];
const RUNS = 40;
const BREAKDOWN_RUNS = 10;

/** Measures sign-ins in real browsers with the real host and a key that needs neither PIN nor time, one lane after the other. */
export async function measureSignIns(dataFile: string, lanes: readonly Lane[] = LANES): Promise<LaneTimes> {
  const tenant = await startTenant({ dataFile });
  try {
    const times = new Map<string, SignInTimes | string>();
    for (const lane of lanes) times.set(lane.name, await measureLane(lane, `${tenant.origin}/lab/empty`));
    return times;
  } finally {
    await tenant.close();
  }
}

async function measureLane(lane: Lane, pageUrl: string): Promise<SignInTimes | string> {
  const key = await startTimedKey();
  try {
    const open = await lane.open(key.devices, pageUrl);
    if (typeof open === 'string') return open;
    try {
      return await measure(open, key);
    } finally {
      await open.close();
    }
  } finally {
    await key.close();
  }
}

async function measure(lane: OpenLane, key: TimedKey): Promise<SignInTimes> {
  await register(lane.page);
  await key.setTouch('soon');
  const callToPresence: number[] = [];
  const touchToResolved: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { called, resolved } = await getInPage(lane.page);
    callToPresence.push((await key.askedAt()) - called);
    touchToResolved.push(resolved - key.touchedAt());
  }
  const own = callToPresence.map((span, run) => span + (touchToResolved[run] ?? Number.NaN));
  const prompts = await measurePrompts(lane, key);

  await lane.goNative();
  await register(lane.page);
  const native: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { called, resolved } = await getInPage(lane.page);
    native.push(resolved - called);
  }
  return {
    callToPresence: summarise(callToPresence),
    touchToResolved: summarise(touchToResolved),
    own: summarise(own),
    native: summarise(native),
    ...prompts,
  };
}

/** Looks into the prompt while the key waits. */
async function measurePrompts(lane: OpenLane, key: TimedKey): Promise<Pick<SignInTimes, 'callToPromptDocument' | 'callToPromptPainted' | 'promptShare'>> {
  await key.setTouch('manual');
  const documents: number[] = [];
  const painted: number[] = [];
  const shares: number[] = [];
  for (let run = 0; run < BREAKDOWN_RUNS; run += 1) {
    const reading = lane.readPrompt();
    const call = getInPage(lane.page);
    const prompt = await reading;
    await key.touchWhenAsked();
    const { called } = await call;
    documents.push(prompt.began - called);
    painted.push(prompt.painted - called);
    shares.push((prompt.painted - called) / ((await key.askedAt()) - called));
  }
  return { callToPromptDocument: summarise(documents), callToPromptPainted: summarise(painted), promptShare: summarise(shares) };
}

async function register(page: Realm): Promise<void> {
  const created = await callCreate(page, { authenticatorSelection: { residentKey: 'required', userVerification: 'discouraged' } }).outcome;
  if (!created.ok) throw new Error(`The registration before the measurement failed: ${created.name}: ${created.message}`);
}

/** One `get()` without allow list and user verification: the least that a key can be asked. Wall clock in milliseconds. */
function getInPage(page: Realm): Promise<{ readonly called: number; readonly resolved: number }> {
  return page.evaluate(async () => {
    const called = performance.timeOrigin + performance.now();
    await navigator.credentials.get({
      publicKey: { challenge: new Uint8Array(32), userVerification: 'discouraged' },
    });
    return { called, resolved: performance.timeOrigin + performance.now() };
  });
}

/** Lines for people. */
export function formatSignIns(lanes: LaneTimes): readonly string[] {
  return [...lanes].flatMap(([name, times]) =>
    typeof times === 'string'
      ? [`get() in ${name}: not measured, ${times}`]
      : [
          `get() in ${name}, with a key that answers at once`,
          `  page call -> presence asked, prompt visible  ${formatSummary(times.callToPresence)}`,
          `    of it: -> prompt document begins           ${formatSummary(times.callToPromptDocument)}`,
          `           -> prompt painted                   ${formatSummary(times.callToPromptPainted)}`,
          `  touch -> promise resolved                    ${formatSummary(times.touchToResolved)}`,
          `  browser's own, virtual authenticator         ${formatSummary(times.native)}`,
        ],
  );
}

/** Each lane's own time in relation to the same browser's own. */
export function signInRatios(lanes: LaneTimes): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...lanes].flatMap(([name, times]) =>
      typeof times === 'string'
        ? []
        : [
            [`get, ${name}: own time / native`, times.own.median / times.native.median],
            [`get, ${name}: touch to resolved / native`, times.touchToResolved.median / times.native.median],
            [`get, ${name}: touch to resolved, p95 / native`, times.touchToResolved.p95 / times.native.median],
            [`get, ${name}: opening the prompt / call to presence`, times.promptShare.median],
          ],
    ),
  );
}
