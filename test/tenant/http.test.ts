import { request } from 'node:http';
import { expect, test } from 'vitest';
import { html } from './pages/html.ts';
import { TenantClient } from './support/client.ts';
import { registeredKey, signedInClient, startTestTenant, TEST_CODE, testClock } from './support/fixture.ts';

test('the session cookie is HttpOnly, SameSite=Lax, and changes at the sign-in', async () => {
  const browser = new TenantClient((await startTestTenant()).origin);
  await browser.me();
  const before = browser.cookie;
  expect(browser.setCookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
  await browser.signInWithCode('alice', TEST_CODE);
  expect(browser.cookie).not.toBe(before);
  const stale = new TenantClient(browser.origin);
  stale.cookie = before;
  expect((await stale.me()).body['user']).toBeNull();
});

test('a second sign-in ends the session of the first', async () => {
  const tenant = await startTestTenant();
  const client = await signedInClient(tenant);
  const first = new TenantClient(tenant.origin);
  first.cookie = client.cookie;
  expect((await first.me()).body['user']).toMatchObject({ name: 'alice' });
  await client.signInWithCode('bob', TEST_CODE);
  expect((await client.me()).body['user']).toMatchObject({ name: 'bob' });
  expect((await first.me()).body['user']).toBeNull();
});

test('sign-out ends the session', async () => {
  const tenant = await startTestTenant();
  const client = await signedInClient(tenant);
  const { cookie } = client;
  await client.page('/account');
  expect(await client.submit('/sign-out', {})).toMatchObject({ status: 303, location: '/sign-in' });
  expect((await client.page('/sign-in')).result).toBe('signed-out');
  const stale = new TenantClient(tenant.origin);
  stale.cookie = cookie;
  expect((await stale.me()).body['user']).toBeNull();
  expect(tenant.events.list().at(-1)).toMatchObject({ type: 'signed-out', userName: 'alice' });
});

test('a post without the token, with a wrong one, or from another origin is refused', async () => {
  const tenant = await startTestTenant();
  const client = await signedInClient(tenant);
  const post = (headers: Record<string, string>) =>
    client.fetch('/api/registration/options', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' });
  expect((await post({})).status).toBe(403);
  expect((await post({ 'x-csrf-token': 'A'.repeat(client.csrfToken.length) })).status).toBe(403);
  expect((await post({ 'x-csrf-token': client.csrfToken, origin: 'https://evil.example' })).status).toBe(403);
  expect((await post({ 'x-csrf-token': client.csrfToken, origin: tenant.origin })).status).toBe(200);
  const token = client.csrfToken;
  client.csrfToken = '';
  expect(await client.submit('/sign-out', {})).toMatchObject({ status: 403, result: 'csrf' });
  client.csrfToken = token;
  expect((await client.submit('/sign-out', {})).status).toBe(303);
});

test('pages that need a sign-in lead to it and back', async () => {
  const browser = new TenantClient((await startTestTenant()).origin);
  expect((await browser.page('/security-info')).location).toBe('/sign-in?next=%2Fsecurity-info');
  expect((await browser.page('/sign-in?next=%2Fsecurity-info')).result).toBe('sign-in-needed');
  await browser.page('/sign-in/code?next=%2Fsecurity-info');
  const signedIn = await browser.submit('/sign-in/code', { userName: 'alice', code: TEST_CODE, next: '/security-info' });
  expect(signedIn.location).toBe('/security-info');
});

test.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])('a sign-in never leads to %s', async (next) => {
  const browser = new TenantClient((await startTestTenant()).origin);
  expect((await browser.page(`/sign-in?next=${encodeURIComponent(next)}`)).text).toContain('data-next="/account"');
  expect((await browser.submit('/sign-in/code', { userName: 'alice', code: TEST_CODE, next })).location).toBe('/account');
});

test('security info needs a sign-in within the last five minutes, the account page does not', async () => {
  const clock = testClock();
  const tenant = await startTestTenant({ clock });
  const { key, client } = await registeredKey(tenant);
  clock.advance(5 * 60_000);
  expect((await client.page('/security-info')).status).toBe(200);
  clock.advance(1);
  expect((await client.page('/security-info')).status).toBe(303);
  expect((await client.page('/sign-in')).result).toBe('sign-in-stale');
  expect((await client.submit('/security-info/delete', { id: key.id })).location).toBe('/sign-in?next=%2Fsecurity-info');
  expect((await client.page('/account')).status).toBe(200);
  expect((await client.me()).body['credentials']).toHaveLength(1);
});

test('a key is named and deleted by its owner only', async () => {
  const tenant = await startTestTenant();
  const { key, client } = await registeredKey(tenant);
  const bob = await signedInClient(tenant, 'bob');
  await bob.page('/security-info');
  expect((await bob.submit('/security-info/name', { id: key.id, name: 'mine now' })).status).toBe(404);
  expect((await bob.submit('/security-info/delete', { id: key.id })).status).toBe(404);
  expect((await bob.page(`/security-info/delete?id=${key.id}`)).status).toBe(404);

  await client.page(`/security-info/name?id=${key.id}`);
  expect((await client.submit('/security-info/name', { id: key.id, name: '  ' })).location).toBe(`/security-info/name?id=${key.id}`);
  await client.submit('/security-info/name', { id: key.id, name: '<b>Blue & "small"</b>' });
  const list = await client.page('/security-info');
  expect(list.result).toBe('registered');
  expect(list.text).toContain('&#60;b&#62;Blue &#38; &#34;small&#34;&#60;/b&#62;');
  expect(list.text).not.toContain('<b>');
  expect((await client.submit('/security-info/delete', { id: key.id })).location).toBe('/security-info');
  expect((await client.page('/security-info')).result).toBe('deleted');
  expect((await client.me()).body['credentials']).toEqual([]);
});

test('model names come from the list given', async () => {
  const aaguidNamesFile = new URL('support/aaguid-names.json', import.meta.url).pathname;
  const { client } = await registeredKey(await startTestTenant({ aaguidNamesFile }));
  expect((await client.page('/security-info')).text).toContain('<dd data-field="model">Key made of software</dd>');
});

test('a body over 512 KiB is refused with an answer', async () => {
  const client = await signedInClient(await startTestTenant());
  const answer = await client.api('/api/registration/verify', { response: 'A'.repeat(600 * 1024) });
  expect(answer).toMatchObject({ status: 413, body: { reason: 'body-too-large' } });
});

test('unknown pages and wrong methods are told', async () => {
  const browser = new TenantClient((await startTestTenant()).origin);
  expect(await browser.page('/nowhere')).toMatchObject({ status: 404, result: 'not-found' });
  expect(await browser.page('/sign-out')).toMatchObject({ status: 405, result: 'wrong-method' });
  expect((await browser.fetch('/api/nowhere')).status).toBe(404);
});

test('only accepted host names get the tenant; test pages answer under every name', async () => {
  const tenant = await startTestTenant({ origins: [{ origin: 'http://login.other.example', rpId: 'other.example' }] });
  expect(await statusFor(tenant.port, 'evil.example', '/sign-in')).toBe(421);
  expect(await statusFor(tenant.port, 'login.other.example', '/sign-in')).toBe(200);
  expect(await statusFor(tenant.port, 'evil.example', '/lab/webauthn')).toBe(200);
});

test('the frame page frames web addresses with the permissions asked for, and nothing else', async () => {
  const browser = new TenantClient((await startTestTenant()).origin);
  const src = 'http://127.0.0.1:1/lab/webauthn?"><script>';
  const framed = await browser.page(`/lab/frame?src=${encodeURIComponent(src)}&allow=publickey-credentials-get`);
  expect(framed.text).toContain('src="http://127.0.0.1:1/lab/webauthn?&#34;&#62;&#60;script&#62;" allow="publickey-credentials-get"');
  expect((await browser.page('/lab/frame?src=javascript:alert(1)')).text).not.toContain('<iframe');
  expect((await browser.page('/lab/empty')).text).toBe('<!doctype html>');
});

test('pages allow scripts from the tenant only', async () => {
  const browser = new TenantClient((await startTestTenant()).origin);
  const response = await browser.fetch('/sign-in');
  expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
  const page = await response.text();
  expect(page).not.toMatch(/<script>|<script [^>]*>[^<]/);
  const script = await browser.fetch('/assets/sign-in.js');
  expect(script.headers.get('content-type')).toContain('text/javascript');
  expect(await script.text()).toContain('navigator.credentials.get');
});

test('markup escapes every value', () => {
  expect(html`<p title="${'"'}">${'<'}${html`<i>${1}</i>`}${[html`a`, html`b`]}${undefined}</p>`.text).toBe('<p title="&#34;">&#60;<i>1</i>ab</p>');
});

function statusFor(port: number, host: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { host }, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
