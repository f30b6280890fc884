import { element, type Failure, go, perform, post, refusalIn } from './page.ts';
import { attestationToJson, checkedCredential, creationOptions } from './raw.ts';

// Registration, with navigator.credentials used directly.

const button = element('create-key', HTMLButtonElement);

button.addEventListener('click', () => {
  void perform(button, register);
});

async function register(signal: AbortSignal): Promise<Failure | undefined> {
  const answer = await post('/api/registration/options', { device: button.dataset['device'] });
  const refused = refusalIn(answer);
  if (refused) return refused;
  const credential = await navigator.credentials.create({ publicKey: creationOptions(answer['options']), signal });
  const response = attestationToJson(checkedCredential(credential));
  const verified = await post('/api/registration/verify', { response });
  const failure = refusalIn(verified);
  if (!failure) go(`/security-info/name?id=${String(verified['credentialId'])}`);
  return failure;
}
