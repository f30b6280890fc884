import { failure, type Result } from '../../shared/bytes/result.ts';
import type { TransportError, TransportKind, TransportProblem } from './device.ts';

/** A failed exchange as a value. `detail` is for logs and the inspector; no payload bytes belong into it. */
export function transportFailure(
  transport: TransportKind,
  problem: TransportProblem,
  detail: string,
): Result<never, TransportError> {
  return failure({ kind: 'transport', problem, transport, detail });
}
