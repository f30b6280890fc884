import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The forms in which a text could lie about: UTF-8, UTF-16 (both byte orders), hex, and base64 and base64url at every alignment. */
export function formsOf(secret: string): readonly Buffer[] {
  const utf8 = Buffer.from(secret, 'utf8');
  const utf16 = Buffer.from(secret, 'utf16le');
  const raw = [utf8, utf16, Buffer.from(utf16).swap16()];
  const forms: Buffer[] = [...raw];
  for (const bytes of raw) {
    forms.push(Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('hex').toUpperCase()));
    for (const before of [0, 1, 2]) forms.push(...base64Forms(bytes, before));
  }
  return forms;
}

/** The part of the base64 that is the same whatever bytes stand before and after; `before` is their number modulo 3. */
function base64Forms(bytes: Uint8Array, before: number): Buffer[] {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const from = Math.ceil((before * 8) / 6);
  const to = Math.floor((padded.length * 8) / 6);
  return (['base64', 'base64url'] as const).map((encoding) => Buffer.from(padded.toString(encoding).slice(from, to)));
}

/** True when the content holds the secret in any form. */
export function holds(content: Buffer | string, secret: string): boolean {
  const bytes = Buffer.from(content);
  return formsOf(secret).some((form) => bytes.includes(form));
}

/** The files below a folder, named relative to it, whose content holds the secret in any form. */
export async function filesHolding(folder: string, secret: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    if (holds(await readFile(file), secret)) found.push(path.relative(folder, file));
  }
  return found.sort();
}
