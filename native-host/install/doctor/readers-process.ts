import { execFile } from 'node:child_process';

import type { Command } from 'commander';
import * as v from 'valibot';

import { failure, success, type Result } from '../../../shared/bytes/result.ts';
import { type PcscError, PcscProblem } from '../../pcsclite/errors.ts';
import { listReaders } from '../../pcsclite/list-readers.ts';
import { parseJson } from '../registration.ts';

/** Name of the hidden command that lists the readers as JSON. */
const COMMAND = 'pcsc-readers';

/** Milliseconds: the start of a process, and what the list itself may take. */
const DEADLINE = 6000;

const answerSchema = v.variant('ok', [
  v.object({ ok: v.literal(true), value: v.array(v.string()) }),
  v.object({
    ok: v.literal(false),
    error: v.object({
      kind: v.literal('pcsc'),
      problem: v.enum(PcscProblem),
      code: v.exactOptional(v.number()),
      detail: v.string(),
    }),
  }),
]);

/**
 * Lists the PC/SC readers in a process of its own: a service that hangs holds its thread for ever, and a Node process
 * with such a thread cannot end, not even by `process.exit`.
 *
 * @param command what runs `keystile`: the program and the arguments before the command's name.
 */
export function listReadersInProcess([file, ...args]: readonly [string, ...string[]]): Promise<
  Result<readonly string[], PcscError>
> {
  return new Promise((resolve) => {
    const options = { timeout: DEADLINE, killSignal: 'SIGKILL', windowsHide: true } as const;
    execFile(file, [...args, COMMAND], options, (error, stdout) => {
      const answer = v.safeParse(answerSchema, parseJson(stdout));
      if (answer.success) {
        resolve(answer.output.ok ? success(answer.output.value) : failure(answer.output.error));
        return;
      }
      const detail = error?.message ?? 'The list of readers could not be read.';
      resolve(failure({ kind: 'pcsc', problem: error?.killed === true ? PcscProblem.timeout : PcscProblem.failed, detail }));
    });
  });
}

/** Adds the hidden command that {@link listReadersInProcess} starts. */
export function addReadersCommand(program: Command): void {
  program.command(COMMAND, { hidden: true }).action(async () => {
    const readers = await listReaders();
    process.stdout.write(JSON.stringify(readers), () => {
      if (!readers.ok && readers.error.problem === PcscProblem.timeout) process.kill(process.pid, 'SIGKILL');
    });
  });
}
