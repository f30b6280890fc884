import { describe, expect, it } from 'vitest';

import { siteNameOf } from '../../../extension/background/site-names.ts';
import { requestOptions, World } from './support/world.ts';

describe('names of sites', () => {
  it.each([
    ['https://login.microsoftonline.com', 'Microsoft Entra ID'],
    ['https://login.microsoft.com', 'Microsoft Entra ID'],
    ['https://login.live.com', 'Microsoft account'],
    ['https://contoso.okta.com', 'Okta'],
    ['https://accounts.google.com', 'Google Account'],
    ['https://github.com', 'GitHub'],
    ['https://auth.pingone.eu', 'Ping Identity'],
    ['https://api-1a2b3c.duosecurity.com', 'Duo'],
    ['https://eu-west-1.signin.aws.amazon.com', 'Amazon Web Services'],
  ])('%s: %s', (origin, name) => {
    expect(siteNameOf(origin, [])).toBe(name);
  });

  it.each([
    'https://login.microsoftonline.com.evil.example',
    'https://login-microsoftonline.com',
    'https://evil.login.microsoftonline.com',
    // Where anybody can publish pages.
    'https://sites.google.com',
    'https://gist.github.com',
    'https://mybucket.s3.amazonaws.com',
    'https://notokta.com',
    'http://github.com',
    'null',
    'file:///github.com',
  ])('%s has none', (origin) => {
    expect(siteNameOf(origin, [])).toBeUndefined();
  });

  it('the administrator’s come first, of them the closest', () => {
    const managed = [
      { domain: 'example.com', name: 'Contoso' },
      { domain: 'sso.example.com', name: 'Contoso sign-in (Keycloak)' },
      { domain: 'github.com', name: 'Our GitHub' },
    ];
    expect(siteNameOf('https://www.example.com', managed)).toBe('Contoso');
    expect(siteNameOf('https://eu.sso.example.com:8443', managed)).toBe('Contoso sign-in (Keycloak)');
    expect(siteNameOf('https://github.com', managed)).toBe('Our GitHub');
  });

  it('reach the prompt with the origin that the browser tells', async () => {
    const world = new World().withHost();
    world.platform.managedValues = { siteNames: [{ domain: 'login.example', name: 'Contoso sign-in' }] };
    world.start();
    void world.relay('https://login.example').get(requestOptions());
    const prompt = await world.prompts.until();
    const named = { origin: 'https://login.example', site: 'login.example', siteName: 'Contoso sign-in' };
    expect(await prompt.views.until()).toMatchObject(named);
  });

  it('are none for the relying party that a page merely claims', async () => {
    const world = new World().withHost().start();
    void world.relay('https://login.example').get(requestOptions());
    const prompt = await world.prompts.until();
    expect(await prompt.views.until()).not.toHaveProperty('siteName');
  });
});
