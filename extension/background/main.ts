import { createPlatform } from '../platform/webextension.ts';
import { startBackground } from './background.ts';
import { describeFault } from './faults.ts';

function reportFault(fault: unknown, where: string): void {
  reportError(describeFault(fault, where));
}

startBackground(createPlatform(reportFault), { reportFault });
