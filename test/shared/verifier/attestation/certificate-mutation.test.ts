import { describe, expect, it } from 'vitest';

import type { Bytes } from '../../../../shared/bytes/bytes.ts';
import { type CertificateSpec, keyUsage, basicConstraints, aaguidExtension } from '../../x509/certificate-builder.ts';
import { certificateMutants } from '../../x509/der-mutations.ts';
import { AAGUID, CREDENTIAL_KEY, ROOT, ROOT_KEY, type RegistrationSpec, leaf, packed, registration } from '../fixture.ts';
import { isAccepted, memberOf } from '../mutations.ts';
import * as make from './statements.ts';

const withLeaf = (certificate: Bytes, spec: RegistrationSpec): RegistrationSpec => ({
  ...spec,
  attStmt: new Map([...(spec.attStmt as ReadonlyMap<string, never>), ['x5c', [certificate]]]),
});

interface Case {
  readonly leaf: Partial<CertificateSpec>;
  readonly spec: RegistrationSpec;
  /** What may be changed, because nothing depends on it. Paths: 1 serial number, 5 subject, 7.0 extensions. */
  readonly irrelevant: readonly RegExp[];
}

const SERIAL_NUMBER = /^1 (with|first|last|turned)/;
/** Where the format asks for no subject, everything in it that is still a name. */
const ANY_SUBJECT = /^5/;
const ORDER_OF_EXTENSIONS = /^7\.0 turned round$/;
/** An extension's critical flag, where it stands before the value. */
const CRITICAL_FLAG = (...indices: readonly number[]): RegExp => new RegExp(`^7\\.0\\.[${indices.join('')}]\\.1 left out$`);
/** An extension that need not be there. */
const OPTIONAL = (...indices: readonly number[]): RegExp => new RegExp(`^7\\.0\\.[${indices.join('')}] left out$`);
/** An extension that need not be there, under a name that nobody knows. */
const RENAMED = (...indices: readonly number[]): RegExp => new RegExp(`^7\\.0\\.[${indices.join('')}]\\.0 (with|first|last|turned)`);

const CASES: Readonly<Record<string, Case>> = {
  packed: {
    leaf: { extensions: [basicConstraints(false), aaguidExtension(AAGUID), keyUsage(0x80, 7)] },
    spec: { fmt: 'packed', attStmt: packed([leaf()]), input: { anchors: [ROOT] } },
    irrelevant: [
      SERIAL_NUMBER,
      // The texts of country, organisation and common name, and their order.
      /^5\.[013]\.0\.1 (with|first|last|turned)/,
      /^5(\.[013](\.0)?)? last byte changed$/,
      /^5 turned round$/,
      ORDER_OF_EXTENSIONS,
      CRITICAL_FLAG(0, 2),
      OPTIONAL(1, 2),
      RENAMED(1),
    ],
  },
  tpm: {
    leaf: { subject: [], extensions: make.AIK_EXTENSIONS },
    spec: make.tpm(),
    // Last bytes of the alternative name: the text of the TPM's version.
    irrelevant: [SERIAL_NUMBER, ORDER_OF_EXTENSIONS, CRITICAL_FLAG(0), /^7\.0\.1(\.2)? last byte changed$/],
  },
  apple: {
    leaf: { key: CREDENTIAL_KEY, extensions: [basicConstraints(false), make.appleNonce()] },
    spec: make.apple(),
    irrelevant: [SERIAL_NUMBER, ANY_SUBJECT, ORDER_OF_EXTENSIONS, CRITICAL_FLAG(0), OPTIONAL(0)],
  },
  'android-key': {
    leaf: { key: CREDENTIAL_KEY, extensions: [make.keyDescription()] },
    spec: make.androidKey(),
    irrelevant: [SERIAL_NUMBER, ANY_SUBJECT],
  },
};

describe('a leaf of odd structure, signed by its authority, is refused unless nothing depends on it', () => {
  it.each(Object.entries(CASES))('%s', async (_name, { leaf: changes, spec, irrelevant }) => {
    const accepted: string[] = [];
    for (const { bytes, what } of certificateMutants(leaf(changes), ROOT_KEY)) {
      const input = registration(withLeaf(bytes, spec));
      if (await isAccepted(input, 'attestationObject', memberOf(input.response, 'attestationObject'))) accepted.push(what);
    }
    expect(accepted.filter((what) => !irrelevant.some((pattern) => pattern.test(what)))).toEqual([]);
    // None of the exceptions is made in vain.
    expect(irrelevant.filter((pattern) => !accepted.some((what) => pattern.test(what)))).toEqual([]);
  }, 60_000);
});
