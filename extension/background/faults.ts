/**
 * Makes a fault of our own fit for the browser's log: where it happened, its name and stack, but not its message,
 * which may quote what was being handled (a PIN, for one).
 */
export function describeFault(fault: unknown, where: string): Error {
  const described = new Error(`Fault in ${where}: ${fault instanceof Error ? fault.name : typeof fault}`);
  if (!(fault instanceof Error)) return described;
  // Chromium's stacks begin with the message, Firefox's do not.
  const head = `${fault.name}: ${fault.message}`;
  const stack = fault.stack ?? '';
  described.stack = `${described.message}\n${stack.startsWith(head) ? stack.slice(head.length) : stack}`;
  return described;
}
