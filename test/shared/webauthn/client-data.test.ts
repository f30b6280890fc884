import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeUtf8 } from '../../../shared/bytes/bytes.ts';
import { ClientDataType, buildClientData, parseClientData } from '../../../shared/webauthn/client-data.ts';

const INPUT = {
  type: ClientDataType.get,
  challenge: Uint8Array.of(0xfb, 0xff),
  origin: 'https://example.org',
  crossOrigin: false,
};

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function parse(text: string): unknown {
  const parsed = parseClientData(encodeUtf8(text));
  return parsed.ok ? parsed.value : parsed.error.detail;
}

describe('buildClientData', () => {
  it('serialises in the order of the specification', () => {
    expect(textOf(buildClientData(INPUT))).toBe(
      '{"type":"webauthn.get","challenge":"-_8","origin":"https://example.org","crossOrigin":false}',
    );
  });

  it('puts topOrigin last', () => {
    expect(textOf(buildClientData({ ...INPUT, crossOrigin: true, topOrigin: 'https://top.example' }))).toBe(
      '{"type":"webauthn.get","challenge":"-_8","origin":"https://example.org","crossOrigin":true,"topOrigin":"https://top.example"}',
    );
  });

  it('escapes quotation mark, backslash and control characters, and nothing else', () => {
    const origin = 'a"b\\c\u0000\u001f\n/ü😀\u007f\u2028';
    expect(textOf(buildClientData({ ...INPUT, origin }))).toContain('"origin":"a\\"b\\\\c\\u0000\\u001f\\u000a/ü😀\u007f\u2028"');
  });

  it('is JSON that says what went in, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (origin, crossOrigin) => {
        const parsed = parseClientData(buildClientData({ ...INPUT, origin, crossOrigin }));
        expect(parsed.ok && parsed.value).toEqual({ type: 'webauthn.get', challenge: '-_8', origin, crossOrigin });
      }),
    );
  });
});

describe('parseClientData', () => {
  const REST = '"challenge":"AA","origin":"https://example.org"';

  it.each([
    ['any order', `{${REST},"type":"t"}`],
    ['white space', ` { ${REST} , "type" : "t" } `],
    ['a byte order mark', `\ufeff{${REST},"type":"t"}`],
    ['unknown members', `{${REST},"type":"t","more":{"type":[1,{"origin":2}]},"text":"\\"type\\":"}`],
    ['__proto__', `{${REST},"type":"t","__proto__":{"crossOrigin":true}}`],
  ])('accepts %s', (_name, text) => {
    expect(parse(text)).toEqual({ type: 't', challenge: 'AA', origin: 'https://example.org' });
  });

  it.each([
    ['no object: null', 'null', 'not a JSON object'],
    ['no object: an array', '[]', 'not a JSON object'],
    ['no JSON', '{', 'not JSON'],
    ['JSON and more', `{${REST},"type":"t"}x`, 'not JSON'],
    ['a missing type', `{${REST}}`, 'type is not a string'],
    ['members inherited from __proto__', `{"__proto__":{"type":"t"},${REST}}`, 'type is not a string'],
    ['an origin that is an array', '{"type":"t","challenge":"AA","origin":["https://example.org"]}', 'origin is not a string'],
    ['a crossOrigin that is text', `{${REST},"type":"t","crossOrigin":"true"}`, 'crossOrigin is not a boolean'],
    ['a crossOrigin that is null', `{${REST},"type":"t","crossOrigin":null}`, 'crossOrigin is not a boolean'],
    ['a topOrigin that is a number', `{${REST},"type":"t","topOrigin":1}`, 'topOrigin is not a string'],
    ['a member given twice', `{${REST},"type":"t","origin":"https://example.org"}`, 'given twice'],
    ['a member given twice in another spelling', `{${REST},"type":"t","\\u006frigin":"https://evil.example"}`, 'given twice'],
    ['deep nesting', `{${REST},"type":"t","more":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'nested too deeply'],
    ['enormous text', `{${REST},"type":"${'t'.repeat(200_000)}"}`, 'too large'],
  ])('refuses %s', (_name, text, detail) => {
    expect(parse(text)).toContain(detail);
  });

  it('refuses invalid UTF-8', () => {
    const bytes = encodeUtf8(`{${REST},"type":"t","more":"?"}`).map((byte) => (byte === 0x3f ? 0xff : byte));
    expect(parseClientData(bytes).ok).toBe(false);
  });

  it('never throws, whatever the text, and needs no time for hostile quotation marks', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => void parse(text)));
    const started = performance.now();
    expect(parse(`"${'\\"'.repeat(60_000)}`)).toContain('not JSON');
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
