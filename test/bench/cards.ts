import path from 'node:path';

import { CeremonyFixture, resultOf, RP_ID } from '../native-host/ceremony/fixture.ts';
import { startHostProcess } from '../support/host-process.ts';
import { startPcscd } from '../support/pcscd.ts';
import { startVirtualKey } from '../virtual-key/start.ts';
import { findCardTool } from './card-tools.ts';
import { formatHostLoad, type HostLoad, observe } from './host-waiting.ts';
import { formatSummary, type Summary, summarise } from './statistics.ts';

/** The running host with readers of a real PC/SC service (vpcd). Times are milliseconds, of an assertion of a key that lies there and answers at once. */
export interface CardMeasures {
  /** In the running host, from the request to the result; the click that says that the key is meant comes at once. */
  readonly host: Summary;
  /** A part of it: from the click to the result. */
  readonly afterClick: Summary;
  /** The host's load while no card is there, and while a card waits for its touch (it is asked for its state all the time). */
  readonly loads: { readonly waitingForCard: HostLoad; readonly waitingForTouch: HostLoad };
  /** By python3-fido2, from start to end of the program; connecting and asserting in it; the program with nothing to do. A text says why there is none. */
  readonly tool: { readonly program: Summary; readonly assertion: Summary; readonly start: Summary } | string;
}

const HOST = path.resolve(import.meta.dirname, '../../dist/host/main.cjs');
const RUNS = 20;
const SILENT = { userVerification: 'discouraged' } as const;

/** Measures with the built host. A text says why there can be no readers on this machine. */
export async function measureCards(): Promise<CardMeasures | string> {
  const pcscd = await startPcscd();
  if (typeof pcscd === 'string') return pcscd;
  // The library reads it once in the life of a process: of the host's, and of the other client's.
  process.env['PCSCLITE_CSOCK_NAME'] = pcscd.socket;
  const keys = await startVirtualKey({ vpcd: pcscd.readers });
  const host = await startHostProcess({ script: HOST });
  try {
    await host.hello();
    const fixture = new CeremonyFixture(host, keys);
    const registration = fixture.register({ ...SILENT, residentKey: 'required' });
    await registration.state('waitingForDevice');
    const waitingForCard = await observe(host.pid);
    // Laid down now, it needs no click.
    const key = await keys.client.addAuthenticator({ protocol: 'ctap2_1', transport: 'nfc', hasResidentKey: true, keystile: {} });
    await resultOf(registration);
    const discovery = fixture.authenticate(SILENT);
    await useCard(discovery);
    const id = (await resultOf(discovery)).credentialId;

    const [total, afterClick]: [number[], number[]] = [[], []];
    for (let run = 0; run < RUNS; run += 1) {
      const started = performance.now();
      const signIn = fixture.authenticate({ ...SILENT, allowCredentials: [{ id }] });
      await useCard(signIn);
      const clicked = performance.now();
      await resultOf(signIn);
      total.push(performance.now() - started);
      afterClick.push(performance.now() - clicked);
    }
    const tool = await measureTool(id);
    await keys.client.configure(key, { touch: { mode: 'manual' } });
    const untouched = fixture.authenticate({ ...SILENT, allowCredentials: [{ id }] });
    await useCard(untouched);
    await keys.client.waitFor(key, 'waitingForTouch');
    const waitingForTouch = await observe(host.pid);
    untouched.cancel();
    await untouched.outcome;
    return { host: summarise(total), afterClick: summarise(afterClick), tool, loads: { waitingForCard, waitingForTouch } };
  } finally {
    await host.stop();
    await keys.close();
    await pcscd.close();
  }
}

/** Says that the key on the reader is meant, as soon as that is asked. */
async function useCard(ceremony: ReturnType<CeremonyFixture['authenticate']>): Promise<void> {
  const state = await ceremony.state('needsReinsert');
  await ceremony.useCard(state.device.productName);
}

async function measureTool(id: string): Promise<CardMeasures['tool']> {
  const tool = await findCardTool();
  if (typeof tool === 'string') return tool;
  const [program, assertion, start]: [number[], number[], number[]] = [[], [], []];
  const credential = Buffer.from(id, 'base64url').toString('hex');
  for (let run = 0; run < RUNS; run += 1) {
    const before = performance.now();
    assertion.push(Number(await tool.run([RP_ID, credential])));
    const between = performance.now();
    await tool.run([]);
    program.push(between - before);
    start.push(performance.now() - between);
  }
  return { program: summarise(program), assertion: summarise(assertion), start: summarise(start) };
}

/** The measures as lines of text. */
export function formatCardMeasures({ host, afterClick, tool, loads }: CardMeasures): readonly string[] {
  const line = (name: string, summary: Summary): string => `${name.padEnd(44)} ${formatSummary(summary)}`;
  return [
    line('assertion in the running host, key on a reader', host),
    line('  of it: click -> result', afterClick),
    ...(typeof tool === 'string'
      ? [tool]
      : [
          line('assertion by python3-fido2, its start included', tool.program),
          line('  of it: connecting and asserting', tool.assertion),
          line('python3-fido2 with nothing to do', tool.start),
        ]),
    'host with a reader',
    formatHostLoad('while no card is there', loads.waitingForCard),
    formatHostLoad('while a card waits for its touch', loads.waitingForTouch),
  ];
}
