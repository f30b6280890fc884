import type { CborMap, CborValue } from '../../../../shared/cbor/value.ts';
import type { Settings } from '../settings.ts';
import { credBlob } from './cred-blob.ts';
import { credProtect } from './cred-protect.ts';
import type { CreateContext, Extension, GetContext } from './extension.ts';
import { hmacSecret, hmacSecretMc } from './hmac-secret.ts';
import { largeBlobKey } from './large-blob-key.ts';
import { minPinLength } from './min-pin-length.ts';

const EXTENSIONS: readonly Extension[] = [credBlob(), credProtect(), hmacSecret(), hmacSecretMc(), largeBlobKey(), minPinLength()];

function offered(settings: Settings): readonly Extension[] {
  return EXTENSIONS.filter(({ name }) => settings.extensions.includes(name));
}

/** Runs the extensions of a registration and collects their outputs; unknown ones are ignored, as CTAP demands. */
export function runCreateExtensions(inputs: CborMap, context: CreateContext): CborMap {
  const outputs = new Map<CborValue, CborValue>();
  for (const extension of offered(context.state.settings)) {
    if (!inputs.has(extension.name)) continue;
    const output = extension.create?.(inputs, context);
    if (output !== undefined) outputs.set(extension.name, output);
  }
  return outputs;
}

/** Runs the extensions of an assertion and collects their outputs. */
export function runGetExtensions(inputs: CborMap, context: GetContext): CborMap {
  const outputs = new Map<CborValue, CborValue>();
  for (const extension of offered(context.state.settings)) {
    if (!inputs.has(extension.name)) continue;
    const output = extension.get?.(inputs, context);
    if (output !== undefined) outputs.set(extension.name, output);
  }
  return outputs;
}
