import { type PublicKeyCredentialRequestOptionsJSON, startAuthentication, WebAuthnAbortService } from '@simplewebauthn/browser';
import { element, type Failure, go, perform, post, refusalIn } from './page.ts';

// Sign-in without user name, through the @simplewebauthn/browser library.

const button = element('sign-in-key', HTMLButtonElement);

button.addEventListener('click', () => {
  void perform(button, signIn);
});

async function signIn(signal: AbortSignal): Promise<Failure | undefined> {
  const answer = await post('/api/authentication/options', {});
  const refused = refusalIn(answer);
  if (refused) return refused;
  signal.addEventListener('abort', () => WebAuthnAbortService.cancelCeremony());
  const optionsJSON = answer['options'] as PublicKeyCredentialRequestOptionsJSON;
  const response = await startAuthentication({ optionsJSON });
  const failure = refusalIn(await post('/api/authentication/verify', { response }));
  if (!failure) go(document.body.dataset['next'] ?? '/account');
  return failure;
}
