/**
 * Runs the jobs, as many at once as there are workers, each worker with one at a time, in the jobs' order.
 *
 * @returns the outcome of each job, at its place.
 */
export function runWith<Worker, Job, Outcome>(
  workers: readonly Worker[],
  jobs: readonly Job[],
  run: (worker: Worker, job: Job) => Promise<Outcome>,
): readonly Promise<Outcome>[] {
  const free = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];
  const take = (): Promise<Worker> => {
    const worker = free.shift();
    return worker === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(worker);
  };
  const giveBack = (worker: Worker): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(worker);
    else next(worker);
  };
  return jobs.map(async (job) => {
    const worker = await take();
    try {
      return await run(worker, job);
    } finally {
      giveBack(worker);
    }
  });
}
