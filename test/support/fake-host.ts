import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { KeystileBrowser } from './keystile-browser.ts';

/**
 * Registers, in the browser's profile, a program that answers every message with what `answer` gives for its id.
 *
 * @param answer the body of a function of `id`: source text, as it runs in another process.
 */
export async function installFakeHost({ userDataDir, extensionId }: KeystileBrowser, answer: string): Promise<void> {
  const folder = path.join(userDataDir, 'NativeMessagingHosts');
  const program = path.join(userDataDir, 'fake-host.cjs');
  await mkdir(folder, { recursive: true });
  await writeFile(program, source(answer), { mode: 0o755 });
  const manifest = {
    name: 'org.keystile.host',
    description: 'Not the Keystile host',
    path: program,
    type: 'stdio',
    allowed_origins: [`chrome-extension://${extensionId}/`],
  };
  await writeFile(path.join(folder, 'org.keystile.host.json'), JSON.stringify(manifest));
}

function source(answer: string): string {
  return `#!${process.execPath}
let buffered = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  buffered = Buffer.concat([buffered, chunk]);
  while (buffered.length >= 4 && buffered.length >= 4 + buffered.readUInt32LE(0)) {
    const end = 4 + buffered.readUInt32LE(0);
    const { id } = JSON.parse(buffered.subarray(4, end).toString());
    buffered = buffered.subarray(end);
    const body = Buffer.from(JSON.stringify(((id) => { ${answer} })(id)));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    process.stdout.write(Buffer.concat([length, body]));
  }
});
`;
}
