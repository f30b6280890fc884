import type * as Koffi from 'koffi';

/**
 * Ends this process at once, with an exit code. For a process that a PC/SC call holds up: Node waits for its threads,
 * even in `process.exit`. Where the system's function cannot be called, the process ends without the code.
 */
export async function exitNow(code: number): Promise<never> {
  try {
    const koffi: typeof Koffi = await import('koffi');
    if (process.platform === 'win32') {
      const kernel = koffi.load('kernel32.dll');
      const self: unknown = kernel.func('__stdcall', 'GetCurrentProcess', 'void *', [])();
      kernel.func('__stdcall', 'TerminateProcess', 'int', ['void *', 'uint'])(self, code);
    } else {
      koffi.load(process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6').func('_exit', 'void', ['int'])(code);
    }
  } catch {
    // Whatever kept it from that, there is another way.
  }
  return process.kill(process.pid, 'SIGKILL') as never;
}
