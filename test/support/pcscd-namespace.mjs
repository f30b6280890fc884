// `unshare --net --mount node pcscd-namespace.mjs PCSCD FOLDER PORT,PORT`: a PC/SC service with virtual readers, alone in
// its network (vpcd listens on every interface) and with its socket in FOLDER/run. FOLDER/reader-N.sock lead to the
// readers. Takes `stop` and `start` of the service as lines; ends with its standard input. Plain JavaScript: it starts fast.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

const [pcscd, folder, ports] = process.argv.slice(2);
const run = path.join(folder, 'run');
const socket = path.join(run, 'pcscd.comm');

function must(command, ...args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  console.log(`failed ${command}: ${(error?.message ?? stderr).trim()}`);
  process.exit(1);
}

/** One connection of a card: when either end closes, so does the other. */
function relay(card, port) {
  const reader = net.connect(port, '127.0.0.1');
  for (const [from, to] of [[card, reader], [reader, card]]) {
    from.setNoDelay?.(true);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

let service;

function start() {
  rmSync(socket, { force: true });
  rmSync(path.join(run, 'pcscd.pid'), { force: true });
  service = spawn(pcscd, ['--foreground', '--critical', '--config', path.join(folder, 'reader.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const timer = setInterval(() => {
    if (!existsSync(socket)) return;
    clearInterval(timer);
    console.log('started');
  }, 10);
  service.on('exit', () => {
    clearInterval(timer);
    console.log('stopped');
  });
}

must('ip', 'link', 'set', 'lo', 'up');
mkdirSync('/run/pcscd', { recursive: true });
must('mount', '--bind', run, '/run/pcscd');
ports.split(',').forEach((port, index) => {
  net.createServer((card) => relay(card, Number(port))).listen(path.join(folder, `reader-${index}.sock`));
});
start();

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  if (line === 'start') start();
  if (line === 'stop') service.kill('SIGKILL');
});
input.on('close', () => {
  service.kill('SIGKILL');
  process.exit(0);
});
