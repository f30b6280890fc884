import { describe, expect, it } from 'vitest';

import { registrableDomainOf, validateRpId } from '../../../shared/webauthn/rp-id.ts';

function outcome(origin: string, requested?: string): string {
  const result = validateRpId(origin, requested);
  return result.ok ? result.value : result.error.name;
}

describe('validateRpId', () => {
  it.each([
    ['https://example.com', undefined, 'example.com'],
    ['https://login.example.com:8443', undefined, 'login.example.com'],
    ['https://login.example.com', 'example.com', 'example.com'],
    ['https://login.example.com', 'login.example.com', 'login.example.com'],
    ['https://a.b.example.co.uk', 'example.co.uk', 'example.co.uk'],
    ['https://user.github.io', 'user.github.io', 'user.github.io'],
    ['https://www.user.github.io', 'user.github.io', 'user.github.io'],
    ['https://intranet', undefined, 'intranet'],
    ['http://localhost:3000', undefined, 'localhost'],
    ['http://localhost:3000', 'localhost', 'localhost'],
    ['https://xn--bcher-kva.example', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['https://login.bücher.example', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['https://LOGIN.Example.COM', 'example.com', 'example.com'],
    ['https://www.example.com.', 'example.com.', 'example.com.'],
  ])('%s asking for %s may use %s', (origin, requested, expected) => {
    expect(outcome(origin, requested)).toBe(expected);
  });

  it.each([
    ['a public suffix', 'https://example.com', 'com'],
    ['a private public suffix', 'https://user.github.io', 'github.io'],
    ['a public suffix of two labels', 'https://example.co.uk', 'co.uk'],
    ['a suffix inside a wildcard suffix', 'https://www.foo.ck', 'ck'],
    ['a domain above the host\'s private suffix', 'https://bucket.s3.amazonaws.com', 'amazonaws.com'],
    ['a public suffix with a trailing dot', 'https://example.com.', 'com.'],
    ['a suffix without a dot boundary', 'https://evilexample.com', 'example.com'],
    ['a sibling', 'https://a.example.com', 'b.example.com'],
    ['a subdomain', 'https://example.com', 'login.example.com'],
    ['another domain', 'https://example.com', 'example.org'],
    ['the empty string', 'https://example.com', ''],
    ['a leading dot', 'https://login.example.com', '.example.com'],
    ['a port', 'https://example.com:8443', 'example.com:8443'],
    ['a whole origin', 'https://example.com', 'https://example.com'],
    ['upper case', 'https://login.example.com', 'Example.com'],
    ['a trailing dot of the RP ID only', 'https://login.example.com', 'example.com.'],
    ['a trailing dot of the host only', 'https://login.example.com.', 'example.com'],
    ['Unicode', 'https://login.xn--bcher-kva.example', 'bücher.example'],
    ['a wildcard', 'https://login.example.com', '*.example.com'],
    ['white space', 'https://login.example.com', ' example.com'],
    ['a line break', 'https://login.example.com', 'example.com\n'],
    ['the parent of localhost names', 'http://app.localhost', 'localhost'],
  ])('refuses %s', (_name, origin, requested) => {
    expect(outcome(origin, requested)).toBe('SecurityError');
  });

  it.each([
    ['https://127.0.0.1', undefined],
    ['https://192.168.0.1:8443', '192.168.0.1'],
    ['https://[::1]', undefined],
    ['https://[2001:db8::1]', '2001:db8::1'],
    ['https://10.0.0.1', '0.0.1'],
    ['http://127.0.0.1', undefined],
  ])('refuses the address %s', (origin, requested) => {
    expect(outcome(origin, requested)).toBe('SecurityError');
  });

  it.each(['http://example.com', 'ftp://example.com', 'chrome-extension://abcdefghijklmnop', 'http://localhost.example.com'])(
    'refuses the insecure origin %s',
    (origin) => {
      expect(outcome(origin)).toBe('SecurityError');
    },
  );

  it.each(['null', '', 'example.com'])('answers NotAllowedError for the opaque origin "%s"', (origin) => {
    expect(outcome(origin, 'example.com')).toBe('NotAllowedError');
  });
});

describe('registrableDomainOf', () => {
  it.each([
    ['https://login.example.com', 'example.com'],
    ['https://login.microsoft.com.evil.example.co.uk:8443', 'example.co.uk'],
    ['https://alice.github.io', 'alice.github.io'],
    ['https://github.io', undefined],
    ['http://localhost:8080', undefined],
    ['https://192.0.2.1', undefined],
    ['null', undefined],
  ])('of %s is %s', (origin, domain) => {
    expect(registrableDomainOf(origin)).toBe(domain);
  });
});
