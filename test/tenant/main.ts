import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AcceptedOrigin, type Attestation } from './relying-party.ts';
import { startTenant, type TenantOptions, type TenantUserSeed } from './start.ts';

const USAGE = `Usage: npm run tenant -- --data FILE [options]
  --data FILE               where the tenant keeps its data (made when missing)
  --port N                  TCP port on 127.0.0.1 (default 0: a free one)
  --user NAME[:CODE]        a user and the temporary access code of the first sign-in; without CODE one is made and printed
  --code-minutes N          how long an access code is good (default 60)
  --host-name NAME          host name of the origin, and RP ID (default localhost)
  --cert FILE --key FILE    certificate and key in PEM: speak https
  --accept-origin URL=RPID  one more origin to answer as and to accept
  --top-origin URL          an origin that may frame the tenant
  --attestation WORD        none, direct (default) or enterprise
  --aaguid-names FILE       JSON object {aaguid: model name}
  --events                  print every event as a JSON line
  --help                    print this`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '0' },
      user: { type: 'string', multiple: true, default: [] },
      'code-minutes': { type: 'string', default: '60' },
      'host-name': { type: 'string', default: 'localhost' },
      cert: { type: 'string' },
      key: { type: 'string' },
      'accept-origin': { type: 'string', multiple: true, default: [] },
      'top-origin': { type: 'string', multiple: true, default: [] },
      attestation: { type: 'string', default: 'direct' },
      'aaguid-names': { type: 'string' },
      events: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (values.data === undefined) throw new Error('Name the data file: --data FILE.');
  const users = values.user.map(parseUser);
  const options: TenantOptions = {
    dataFile: values.data,
    port: parseNumber('--port', values.port, 0, 65_535),
    users,
    codeLifetimeMs: parseNumber('--code-minutes', values['code-minutes'], 1, 100_000) * 60_000,
    hostName: values['host-name'],
    origins: values['accept-origin'].map(parseOrigin),
    topOrigins: values['top-origin'],
    attestation: parseAttestation(values.attestation),
    ...(values['aaguid-names'] === undefined ? {} : { aaguidNamesFile: values['aaguid-names'] }),
    ...(await readCertificate(values.cert, values.key)),
  };
  const tenant = await startTenant(options);
  const codes: Record<string, string> = {};
  for (const { name, code } of users) if (code === undefined) codes[name] = await tenant.issueCode(name);

  const close = (): void => {
    tenant.close().catch(fail);
  };
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  if (values.events) tenant.events.onEvent((event) => console.log(JSON.stringify({ event })));
  console.log(JSON.stringify({ origin: tenant.origin, ...(Object.keys(codes).length > 0 ? { codes } : {}) }));
}

function parseUser(text: string): TenantUserSeed {
  const colon = text.indexOf(':');
  return colon === -1 ? { name: text } : { name: text.slice(0, colon), code: text.slice(colon + 1) };
}

function parseNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} must be a whole number from ${least.toString()} to ${most.toString()}, not "${text}".`);
  }
  return value;
}

function parseOrigin(text: string): AcceptedOrigin {
  const [origin = '', rpId = ''] = text.split('=');
  if (rpId === '' || !URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new Error(`--accept-origin must look like https://login.example.com=example.com, not "${text}".`);
  }
  return { origin, rpId };
}

function parseAttestation(text: string): Attestation {
  if (text === 'none' || text === 'direct' || text === 'enterprise') return text;
  throw new Error(`--attestation must be none, direct or enterprise, not "${text}".`);
}

async function readCertificate(cert: string | undefined, key: string | undefined): Promise<Pick<TenantOptions, 'https'>> {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) throw new Error('https needs both --cert and --key.');
  return { https: { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') } };
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

await main().catch(fail);
