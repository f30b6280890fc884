import { createHash } from 'node:crypto';

import { type Bytes, copyBytes } from '../../../../shared/bytes/bytes.ts';
import { type CredentialKey, exportPublicKey, generateKey, signWith } from '../credential-key.ts';
import {
  derBitString,
  derObjectIdentifier,
  derOctetString,
  derPrintable,
  derSequence,
  derSet,
  derTime,
  derTrue,
  derUnsigned,
  derUtf8,
  derValue,
} from './der.ts';

/** An attestation key with its certificate (DER). */
export interface X5cIdentity {
  readonly key: CredentialKey;
  readonly certificate: Bytes;
}

/** The extension that names the AAGUID in an attestation certificate. Source: WebAuthn L3 §8.2.1. */
const AAGUID_EXTENSION = '1.3.6.1.4.1.45724.1.1.4';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const COUNTRY = '2.5.4.6';
const ORGANIZATION = '2.5.4.10';
const ORGANIZATIONAL_UNIT = '2.5.4.11';
const COMMON_NAME = '2.5.4.3';

interface Subject {
  readonly unit: string;
  readonly commonName: string;
}

const ROOT_SUBJECT: Subject = { unit: 'Authenticator Attestation CA', commonName: 'Keystile Virtual Key Test CA' };
const LEAF_SUBJECT: Subject = { unit: 'Authenticator Attestation', commonName: 'Keystile Virtual Key' };

/**
 * The virtual key's own certificate authority. Its private key comes from a published constant, so that every run has
 * the same one and nobody can mistake it for a secret: it must never be a trust anchor outside tests.
 */
export class TestCa {
  readonly #key: CredentialKey;
  /** The self-signed root certificate (DER). */
  readonly root: Bytes;

  constructor() {
    this.#key = generateKey(-7, () => copyBytes(createHash('sha256').update('keystile virtual key test CA').digest()));
    this.root = this.#issue(ROOT_SUBJECT, this.#key, Uint8Array.of(1), [
      extension(BASIC_CONSTRAINTS, derSequence(derTrue()), true),
      // keyCertSign is bit 5: two unused bits in the only byte.
      extension(KEY_USAGE, derValue(0x03, Uint8Array.of(2, 0x04)), true),
    ]);
  }

  /** Issues the attestation certificate of a model of key. Source: WebAuthn L3 §8.2.1. */
  issueIdentity(aaguid: Bytes, random: (length: number) => Bytes): X5cIdentity {
    const key = generateKey(-7, random);
    const certificate = this.#issue(LEAF_SUBJECT, key, random(16), [
      extension(BASIC_CONSTRAINTS, derSequence(), true),
      extension(AAGUID_EXTENSION, derOctetString(aaguid), false),
    ]);
    return { key, certificate };
  }

  #issue(subject: Subject, key: CredentialKey, serial: Bytes, extensions: readonly Bytes[]): Bytes {
    const algorithm = derSequence(derObjectIdentifier(ECDSA_WITH_SHA256));
    const toBeSigned = derSequence(
      derValue(0xa0, derUnsigned(Uint8Array.of(2))),
      derUnsigned(serial),
      algorithm,
      name(ROOT_SUBJECT),
      derSequence(derTime('2020-01-01T00:00:00Z'), derTime('2099-12-31T23:59:59Z')),
      name(subject),
      exportPublicKey(key),
      derValue(0xa3, derSequence(...extensions)),
    );
    return derSequence(toBeSigned, algorithm, derBitString(signWith(this.#key, toBeSigned)));
  }
}

function name(subject: Subject): Bytes {
  return derSequence(
    attribute(COUNTRY, derPrintable('CH')),
    attribute(ORGANIZATION, derUtf8('Keystile')),
    attribute(ORGANIZATIONAL_UNIT, derUtf8(subject.unit)),
    attribute(COMMON_NAME, derUtf8(subject.commonName)),
  );
}

function attribute(type: string, value: Bytes): Bytes {
  return derSet(derSequence(derObjectIdentifier(type), value));
}

function extension(id: string, value: Bytes, critical: boolean): Bytes {
  return derSequence(
    derObjectIdentifier(id),
    critical ? derTrue() : new Uint8Array(),
    derOctetString(value),
  );
}
