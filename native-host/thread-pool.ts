/**
 * Threads for calls that may hang: one for each reader whose driver does not return, one that waits for changes of the
 * readers, one that looks at the service; and what is left for files, sockets' names and listings of USB devices.
 */
const THREADS = '16';

/**
 * Widens Node's pool of threads, which PC/SC calls share with all work on files: with the usual four, a few readers that
 * hang would stop the USB transport as well. To be called before anything uses the pool; what the environment says goes
 * first.
 */
export function widenThreadPool(environment: NodeJS.ProcessEnv): void {
  environment['UV_THREADPOOL_SIZE'] ??= THREADS;
}
