import { type Bytes, equalBytes } from '../../../shared/bytes/bytes.ts';

/** An enrolled fingerprint. */
export interface Fingerprint {
  readonly id: Bytes;
  name: string | undefined;
}

/** An enrolment that is under way. */
export interface Enrolment {
  readonly id: Bytes;
  remaining: number;
}

/** The fingerprints of a key, oldest first. */
export class FingerprintStore {
  #fingerprints: readonly Fingerprint[] = [];

  get all(): readonly Fingerprint[] {
    return this.#fingerprints;
  }

  add(fingerprint: Fingerprint): void {
    this.#fingerprints = [...this.#fingerprints, fingerprint];
  }

  find(id: Uint8Array): Fingerprint | undefined {
    return this.#fingerprints.find((entry) => equalBytes(entry.id, id));
  }

  remove(fingerprint: Fingerprint): void {
    this.#fingerprints = this.#fingerprints.filter((entry) => entry !== fingerprint);
  }

  clear(): void {
    this.#fingerprints = [];
  }
}
