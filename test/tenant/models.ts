import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

/** Names of a few common keys, by AAGUID, for a tenant without a list of its own. */
const COMMON_MODELS: Readonly<Record<string, string>> = {
  '2fc0579f-8113-47ea-b116-bb5a8db9202a': 'YubiKey 5 Series with NFC',
  'fa2b99dc-9e39-4257-8f92-4a30d23c4118': 'YubiKey 5 Series with NFC',
  'c5ef55ff-ad9a-4b9f-b580-adebafe026d0': 'YubiKey 5 Series with Lightning',
  'a4e9fc6d-4cbe-4758-b8ba-37598bb5bbaa': 'Security Key NFC by Yubico',
  '42b4fb4a-2866-43b2-9bf7-6c6669c2e5d3': 'Google Titan Security Key v2',
  '2cd2f727-f6ca-44da-8f48-5c2e5da000a2': 'Nitrokey 3 AM',
  'ee041bce-25e5-4cdb-8f86-897fd6418464': 'Feitian ePass FIDO2-NFC Authenticator',
  'ab32f0c6-2239-afbb-c470-d2ef4e254db7': 'TOKEN2 FIDO2 Security Key',
};

const modelsSchema = v.record(v.pipe(v.string(), v.uuid()), v.string());

/** Tells the model name of an AAGUID (UUID text). */
export type ModelNames = (aaguid: string) => string;

/**
 * Model names from a JSON file `{aaguid: name}`, or from the small built-in list without one.
 * An AAGUID on neither is "Unknown model".
 * @throws Error when the file cannot be read as such a list.
 */
export async function loadModelNames(file: string | undefined): Promise<ModelNames> {
  const listed = file === undefined ? {} : await readModels(file);
  const models = new Map([...Object.entries(COMMON_MODELS), ...Object.entries(listed)].map(([id, name]) => [id.toLowerCase(), name]));
  return (aaguid) => models.get(aaguid.toLowerCase()) ?? 'Unknown model';
}

async function readModels(file: string): Promise<Record<string, string>> {
  try {
    return v.parse(modelsSchema, JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new Error(`The list of AAGUID names ${file} cannot be read. It must be a JSON object {aaguid: name}.`, { cause: error });
  }
}
