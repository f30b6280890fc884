import type { GuestCase } from '../case.ts';
import { COMMAND_CASES } from './commands.ts';
import { CROSSING_CASES } from './crossing.ts';
import { EXCHANGE_CASES } from './exchanges.ts';
import { HOST_CASES } from './host.ts';
import { PYTHON_CASES } from './python.ts';
import { TOOL_CASES } from './tools.ts';

/** Everything that runs in the guest, in groups. */
export const CASE_GROUPS: readonly { readonly title: string; readonly cases: readonly GuestCase[] }[] = [
  { title: 'the host process on device files', cases: HOST_CASES },
  { title: 'the keystile command on device files', cases: COMMAND_CASES },
  { title: "Debian's fido2-tools on the virtual key", cases: TOOL_CASES },
  { title: 'python3-fido2 on the virtual key', cases: PYTHON_CASES },
  { title: 'what ceremonies cost', cases: EXCHANGE_CASES },
  { title: 'credentials of one client in the other', cases: CROSSING_CASES },
];
