import { sign } from 'node:crypto';

import { CREDENTIAL_KEY, ROOT, authentication, leaf, packed, registration } from '../../shared/verifier/fixture.ts';
import type { Samples } from './subjects.ts';

/** The responses that everything here is measured on. */
export function makeSamples(): Samples {
  const data = new Uint8Array(101);
  return {
    signIn: authentication(),
    none: registration(),
    certified: registration({ fmt: 'packed', attStmt: packed([leaf()]), input: { anchors: [ROOT] } }),
    point: new Uint8Array(CREDENTIAL_KEY.publicKey.export({ format: 'der', type: 'spki' }).subarray(-65)),
    signature: new Uint8Array(sign('SHA256', data, { key: CREDENTIAL_KEY.privateKey, dsaEncoding: 'ieee-p1363' })),
    data,
  };
}
