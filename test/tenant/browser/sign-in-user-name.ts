import { element, type Failure, go, perform, post, refusalIn } from './page.ts';
import { assertionToJson, checkedCredential, requestOptions } from './raw.ts';

// Sign-in with the user name first, with navigator.credentials used directly.

const button = element('sign-in-user-name', HTMLButtonElement);
const userName = element('user-name', HTMLInputElement);

element('user-name-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void perform(button, signIn);
});

async function signIn(signal: AbortSignal): Promise<Failure | undefined> {
  const answer = await post('/api/authentication/options', { userName: userName.value });
  const refused = refusalIn(answer);
  if (refused) return refused;
  const credential = await navigator.credentials.get({ publicKey: requestOptions(answer['options']), signal });
  const response = assertionToJson(checkedCredential(credential));
  const failure = refusalIn(await post('/api/authentication/verify', { response }));
  if (!failure) go(document.body.dataset['next'] ?? '/account');
  return failure;
}
