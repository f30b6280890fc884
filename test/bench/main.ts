import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { formatCardMeasures, measureCards } from './cards.ts';
import { measureHost } from './host.ts';
import { formatHostLoads, measureHostLoads } from './host-waiting.ts';
import { formatMetadata, measureMetadata } from './metadata.ts';
import { formatPageCosts, measurePageCosts, pageCostRatios } from './page-cost/measure.ts';
import { formatSignIns, measureSignIns, signInRatios } from './sign-in/measure.ts';
import { formatSummary } from './statistics.ts';
import { browserVerifierRatios, formatBrowserVerifier, measureVerifierInBrowser } from './verifier/in-browser.ts';
import { VERIFIER_SUBJECTS, measureVerifier } from './verifier/in-node.ts';
import { assertionRatio, formatDeviceMeasures, measureDevices } from './vm.ts';
import { formatWorker, measureWorker } from './worker.ts';

/**
 * `npm run bench [-- --json]`: what Keystile costs, as ratios between things measured in one run on one machine.
 * The times beside them are for reading, not for comparing between machines. Needs a build.
 */
async function main(): Promise<void> {
  const json = process.argv.includes('--json');
  const print = json ? console.error : console.log;
  const folder = await mkdtemp(path.join(tmpdir(), 'keystile-bench-'));
  try {
    const signIns = await measureSignIns(path.join(folder, 'sign-in.json'));
    const host = await measureHost();
    const loads = await measureHostLoads();
    const devices = await measureDevices();
    const cards = await measureCards();
    const pageCosts = await measurePageCosts(path.join(folder, 'page-cost.json'));
    const verifier = await measureVerifier();
    const inBrowser = await measureVerifierInBrowser();
    const metadata = await measureMetadata();
    const worker = await measureWorker();

    for (const line of formatSignIns(signIns)) print(line);
    print('native host');
    print(`  spawn -> first reply                         ${formatSummary(host.firstReply)}`);
    print(`  node -e 0                                    ${formatSummary(host.node)}`);
    print(`  peak memory                                  ${host.peakMemory?.toFixed(1) ?? 'unknown'} MiB`);
    for (const line of loads === undefined ? [] : formatHostLoads(loads)) print(line);
    if (typeof devices === 'string') print(`over device files: ${devices}`);
    else for (const line of formatDeviceMeasures(devices)) print(line);
    if (typeof cards === 'string') print(`over PC/SC: ${cards}`);
    else for (const line of formatCardMeasures(cards)) print(line);
    for (const line of formatPageCosts(pageCosts)) print(line);

    print('verifier: one ES256 verification of node:crypto is 1');
    const toRaw = (name: (typeof VERIFIER_SUBJECTS)[number]): number => verifier[name].median / verifier.raw.median;
    for (const name of VERIFIER_SUBJECTS) print(`  ${name.padEnd(48)} ${verifier[name].median.toFixed(0).padStart(6)} µs, ${toRaw(name).toFixed(2)}`);

    print('verifier in Chromium: one ES256 verification of its WebCrypto is 1');
    for (const line of formatBrowserVerifier(inBrowser)) print(line);

    print('FIDO metadata');
    for (const line of formatMetadata(metadata)) print(line);
    print('background worker');
    for (const line of formatWorker(worker)) print(line);

    const ratios = {
      ...signInRatios(signIns),
      'host: first reply / node start': host.firstReply.median / host.node.median,
      ...pageCostRatios(pageCosts),
      ...(typeof devices === 'string' ? {} : { 'assertion over a device file: host / fido2-assert': assertionRatio(devices) }),
      ...(typeof cards === 'string' || typeof cards.tool === 'string'
        ? {}
        : { 'assertion over PC/SC: host / python3-fido2': cards.host.median / cards.tool.program.median }),
      ...(typeof metadata === 'string' ? {} : { 'metadata: verified and indexed / raw': metadata.verified.median / metadata.raw.median }),
      'worker: start / empty worker': worker.start.median / worker.emptyStart.median,
      'worker: verifier / all, bytes': worker.verifier / worker.bytes,
      ...Object.fromEntries(VERIFIER_SUBJECTS.map((name) => [`verifier: ${name} / raw`, toRaw(name)])),
      ...Object.fromEntries(Object.entries(browserVerifierRatios(inBrowser)).map(([name, ratio]) => [`verifier in Chromium: ${name} / raw`, ratio])),
    };
    print('ratios');
    for (const [name, ratio] of Object.entries(ratios)) print(`  ${name.padEnd(64)} ${ratio.toFixed(2)}`);
    if (json) console.log(JSON.stringify({ ratios, milliseconds: { signIn: Object.fromEntries(signIns), host }, pageCosts, loads, devices, cards, metadata, worker }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
