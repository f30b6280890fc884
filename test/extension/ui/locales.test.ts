import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { LOCALES, type MessageEntry, translator } from './fixtures/fixture-messages.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const english = LOCALES['en'] ?? {};
const languages = Object.keys(LOCALES);

function sources(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readFileSync(path.join(ROOT, folder, file), 'utf8'));
}

function placeholdersIn(message: string): string[] {
  return [...message.matchAll(/\$(\w+)\$/g)].map(([, name]) => (name ?? '').toLowerCase()).sort();
}

/** Every string of the sources that could be a key: literals as they are, templates with any word for what is filled in. */
function keyPatterns(code: string): RegExp[] {
  const literals = [...code.matchAll(/'(\w+)'/g)].map(([, text]) => text ?? '');
  const templates = [...code.matchAll(/`((?:\w|\$\{[^}]*\})+)`/g)].map(([, text]) => text ?? '');
  return [...literals, ...templates.filter((text) => /^\w+_/.test(text))].map(
    (text) => new RegExp(`^${text.replace(/\$\{[^}]*\}/g, '[A-Za-z]+')}$`),
  );
}

describe('_locales', () => {
  it('has a folder for exactly the tested languages', () => {
    expect(readdirSync(path.join(ROOT, 'extension/_locales')).sort()).toEqual(languages.sort());
  });

  it.each(languages)('has the same keys in %s as in English', (language) => {
    expect(Object.keys(LOCALES[language] ?? {})).toEqual(Object.keys(english));
  });

  it.each(languages)('has a text for every key in %s, with its placeholder and no other', (language) => {
    for (const [key, entry] of Object.entries(LOCALES[language] ?? {})) {
      expect(entry.message.trim(), key).not.toBe('');
      expect(entry.message, key).toBe(entry.message.trim());
      const declared = Object.keys(entry.placeholders ?? {});
      expect(declared.length, key).toBeLessThanOrEqual(1);
      expect([...new Set(placeholdersIn(entry.message))], key).toEqual(declared);
      expect(entry.placeholders, key).toEqual(english[key]?.placeholders);
    }
  });

  it.each(languages.filter((language) => language !== 'en'))('is translated into %s', (language) => {
    const texts: Readonly<Record<string, MessageEntry>> = LOCALES[language] ?? {};
    const same = Object.keys(english).filter((key) => texts[key]?.message === english[key]?.message);
    // Names, and words that the languages share.
    const allowed = /^(textDirection|extensionName|promptTitle|transport_(usb|nfc)|pin_label|origin|version|technicalDetail)$/;
    expect(same.filter((key) => !allowed.test(key))).toEqual([]);
  });

  it.each(languages)('names its own language in %s', (language) => {
    expect(translator(language)('languageTag')).toBe(language);
  });

  it('keeps keys apart that differ in case only: browsers do not', () => {
    const lower = Object.keys(english).map((key) => key.toLowerCase());
    expect(new Set(lower).size).toBe(lower.length);
  });

  it('fits the stores: a description of at most 132 characters', () => {
    for (const language of languages) {
      expect(translator(language)('extensionDescription').length, language).toBeLessThanOrEqual(132);
    }
  });

  it('has no key that nothing uses', () => {
    const manifest = readFileSync(path.join(ROOT, 'manifests/extension.ts'), 'utf8');
    const inManifest = [...manifest.matchAll(/__MSG_(\w+?)__/g)].map(([, key]) => key ?? '');
    const patterns = keyPatterns(sources('extension').join('\n'));
    const unused = Object.keys(english).filter(
      (key) => !inManifest.includes(key) && !patterns.some((pattern) => pattern.test(key)),
    );
    expect(unused).toEqual([]);
  });

  it('has every key that the manifest names', () => {
    const manifest = readFileSync(path.join(ROOT, 'manifests/extension.ts'), 'utf8');
    const named = [...manifest.matchAll(/__MSG_(\w+?)__/g)].map(([, key]) => key ?? '');
    expect(named).toContain('extensionName');
    expect(named.filter((key) => !(key in english))).toEqual([]);
  });

  it('has every key that a page asks for by its full name', () => {
    const asked = sources('extension/ui').flatMap((code) => [...code.matchAll(/\bt\('(\w+)'/g)].map(([, key]) => key ?? ''));
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.filter((key) => !(key in english))).toEqual([]);
  });
});

describe('icons', () => {
  it.each([16, 32, 48, 128])('has a PNG of %i pixels', (size) => {
    const png = readFileSync(path.join(ROOT, `extension/icons/${size.toString()}.png`));
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
  });
});
