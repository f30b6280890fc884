import { describe, expect, test } from 'vitest';

import { parseUdpPairs } from '../../../../native-host/transport/udp/pairs.ts';

describe('addresses of development keys', () => {
  test('several, with and without a reply port', () => {
    expect(parseUdpPairs(' 127.0.0.1:8111:7112, localhost:9000 ,[::1]:9001')).toEqual({
      ok: true,
      value: [
        { host: '127.0.0.1', port: 8111, replyPort: 7112 },
        { host: '127.0.0.1', port: 9000 },
        { host: '::1', port: 9001 },
      ],
    });
  });

  test('none', () => {
    expect(parseUdpPairs('')).toEqual({ ok: true, value: [] });
  });

  test.each([
    '192.168.1.2:8111',
    '0.0.0.0:8111',
    '127.0.0.256:8111',
    'example.org:8111',
    '127.0.0.1.example.org:8111',
    '[::]:8111',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:1:99999',
    '127.0.0.1:1:2:3',
    '127.0.0.1:1x',
  ])('%s is refused', (text) => {
    expect(parseUdpPairs(`127.0.0.1:1,${text}`)).toMatchObject({ ok: false, error: expect.stringContaining(text) as string });
  });
});
