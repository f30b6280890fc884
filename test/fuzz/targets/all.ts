import type { FuzzTarget } from '../engine/target.ts';
import { apduTarget, extendedApduTarget, nfcctapTarget } from './apdu.ts';
import { cborTarget } from './cbor.ts';
import { coseKeyTarget } from './cose-key.ts';
import { ctap2Targets } from './ctap2.ts';
import { ctaphidTarget } from './ctaphid.ts';
import { framesTarget } from './frames.ts';
import { u2fTargets } from './u2f.ts';
import { verifierTargets } from './verifier.ts';
import { attestationObjectTarget, authenticatorDataTarget, clientDataTarget } from './webauthn-data.ts';
import { wireTargets } from './wire.ts';
import { certificateTarget, derTarget, nameConstraintsTarget } from './x509.ts';

/** Every target there is. */
export const TARGETS: readonly FuzzTarget[] = [
  ctaphidTarget,
  apduTarget,
  extendedApduTarget,
  nfcctapTarget,
  framesTarget,
  ...wireTargets,
  cborTarget,
  coseKeyTarget,
  derTarget,
  certificateTarget,
  nameConstraintsTarget,
  authenticatorDataTarget,
  attestationObjectTarget,
  clientDataTarget,
  ...ctap2Targets,
  ...u2fTargets,
  ...verifierTargets,
];
