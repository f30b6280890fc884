import type { Result } from '../../../shared/bytes/result.ts';
import type { ManagementError } from '../../../native-host/management/errors.ts';

/** The value of a result that must be good. Throws with what went wrong. */
export function must<Value>(result: Result<Value, ManagementError>): Value {
  if (!result.ok) throw new Error(`${result.error.reason}: ${result.error.message} ${result.error.detail ?? ''}`);
  return result.value;
}
