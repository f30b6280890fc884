import { createServer, type Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { clientDataOf } from '../support/ceremonies.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { findFirefox } from '../support/firefox.ts';
import { nextFirefoxPrompt } from '../support/firefox-prompt.ts';
import { type FirefoxStack, startFirefoxStack } from '../support/firefox-stack.ts';
import { callCreate, callGet, type CallOutcome, type PageCall } from '../support/page-call.ts';

const CALLER = 'shop.example.com';
const LISTED = 'listed.test.example';
const UNLISTED = 'unlisted.test.example';
const PIN = 'corr3ct-h0rse';

const isMissing = findFirefox() === undefined;
const why = isMissing ? ' (skipped: there is none; install firefox-esr or name one by KEYSTILE_FIREFOX)' : '';

/** Over https, with every host name on this machine, and certificates not looked at. */
describe.skipIf(isMissing)(`extensions and related origins in Firefox${why}`, () => {
  let lists: Server;
  let proxy: ConnectProxy;
  let stack: FirefoxStack;
  let origin: string;
  const asked: IncomingMessage[] = [];

  beforeAll(async () => {
    const { cert, key } = await makeCertificate();
    lists = createServer({ cert, key }, (request, response) => {
      asked.push(request);
      const origins = request.headers.host === LISTED ? ['https://else.example', origin] : ['https://else.example'];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ origins }));
    });
    await new Promise<void>((resolve) => lists.listen(0, '127.0.0.1', resolve));
    const { port } = lists.address() as AddressInfo;
    // The tenant keeps its port, which is in its origin; RP IDs are asked at the port that https has.
    proxy = await startConnectProxy((target) => (target.endsWith('.test.example:443') ? port : Number(target.split(':')[1])));
    stack = await startFirefoxStack({
      firefox: { preferences: { 'network.proxy.type': 1, 'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': proxy.port } },
      tenant: { hostName: CALLER, https: { cert, key } },
    });
    origin = stack.tenant.origin;
    await stack.firefox.chrome(
      `Cc['@mozilla.org/security/certoverride;1'].getService(Ci.nsICertOverrideService).setDisableAllSecurityChecksAndLetAttackersInterceptMyData(true);
       arguments[0]();`,
    );
  });
  afterEach(() => {
    asked.length = 0;
    return stack.reset();
  });
  afterAll(async () => {
    await stack.close();
    proxy.close();
    lists.close();
  });

  async function withPin(call: PageCall): Promise<CallOutcome> {
    const prompt = await nextFirefoxPrompt(stack.firefox);
    await prompt.waitForState('needsPin');
    await prompt.enterPin(PIN);
    const outcome = await call.outcome;
    await prompt.closed();
    return outcome;
  }

  test('credProps, prf and largeBlob', async () => {
    await stack.keys.addAuthenticator({
      protocol: 'ctap2_1', transport: 'usb', hasResidentKey: true, extensions: ['prf', 'largeBlob', 'minPinLength', 'credBlob'], keystile: { pin: PIN },
    });
    const page = await stack.openLab();
    const created = await withPin(callCreate(page.realm, { extensions: { credProps: true, prf: {}, largeBlob: { support: 'required' } } }));
    expect(created).toMatchObject({
      ok: true, credential: { clientExtensionResults: { credProps: { rk: true }, prf: { enabled: true }, largeBlob: { supported: true } } },
    });
    if (!created.ok) return;
    const allowCredentials = [{ type: 'public-key' as const, id: created.credential.id }];
    const blob = Buffer.from('a note').toString('base64url');
    const written = await withPin(callGet(page.realm, { allowCredentials, extensions: { largeBlob: { write: blob } } }));
    expect(written).toMatchObject({ ok: true, credential: { clientExtensionResults: { largeBlob: { written: true } } } });
    const salts = { first: Buffer.from('one').toString('base64url'), second: Buffer.from('two').toString('base64url') };
    const read = await withPin(callGet(page.realm, { allowCredentials, extensions: { largeBlob: { read: true }, prf: { eval: salts } } }));
    expect(read).toMatchObject({
      ok: true,
      credential: {
        clientExtensionResults: { largeBlob: { blob }, prf: { results: { first: expect.stringMatching(/^[\w-]{43}$/) as unknown, second: expect.stringMatching(/^[\w-]{43}$/) as unknown } } },
      },
    });
  });

  test('an RP ID that lists the page’s origin may be used, another one not; asked without cookies and referrer', async () => {
    await stack.plugKey();
    const page = await stack.openLab();
    const create = (id: string): Promise<CallOutcome> =>
      callCreate(page.realm, { rp: { name: 'Lab', id }, authenticatorSelection: { userVerification: 'discouraged' } }).outcome;
    const created = await create(LISTED);
    expect(created).toMatchObject({ ok: true });
    expect(clientDataOf(created)).toMatchObject({ origin, crossOrigin: false });
    expect(asked.map(({ url, headers }) => [url, headers.host])).toEqual([['/.well-known/webauthn', LISTED]]);
    expect(asked[0]?.headers).not.toHaveProperty('cookie');
    expect(asked[0]?.headers).not.toHaveProperty('referer');
    expect(await create(UNLISTED)).toMatchObject({ ok: false, name: 'SecurityError' });
    expect(await create('co.uk')).toMatchObject({ ok: false, name: 'SecurityError' });
    expect(asked).toHaveLength(2);
  });
});
