/** The tenant's refusal or the browser's error, as the scripts show it. */
export interface Failure {
  /** Value of `data-result`: the tenant's reason, or `error` for an error of the browser. */
  readonly result: string;
  /** Name of the browser's error, or the tenant's reason. */
  readonly error: string;
  readonly text: string;
}

/** The element with this id; a missing one is a bug of the page. */
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`);
  return found;
}

/** Posts JSON to the tenant; resolves to the answer's body, `{ok: true, ...}` or `{ok: false, reason, message}`. */
export async function post(path: string, body: unknown): Promise<Record<string, unknown>> {
  const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const answer: unknown = await response.json();
  if (typeof answer !== 'object' || answer === null) throw new TypeError('The server answered with something that is not an object.');
  return { ...answer };
}

/** The refusal in an answer, or undefined when the answer is good. */
export function refusalIn(answer: Record<string, unknown>): Failure | undefined {
  if (answer['ok'] === true) return undefined;
  const reason = String(answer['reason']);
  return { result: reason, error: reason, text: String(answer['message']) };
}

/**
 * Runs one ceremony at a time: shows that the page waits, lets the person cancel, shows how it failed.
 * @param run resolves to a failure, or to undefined when the page is about to go on.
 */
export async function perform(button: HTMLButtonElement, run: (signal: AbortSignal) => Promise<Failure | undefined>): Promise<void> {
  const cancel = element('cancel', HTMLButtonElement);
  const controller = new AbortController();
  cancel.onclick = () => controller.abort();
  button.disabled = true;
  cancel.hidden = false;
  show({ result: 'waiting', text: 'Waiting for your security key.' });
  let failure: Failure | undefined;
  try {
    failure = await run(controller.signal);
  } catch (error) {
    failure = failureOf(error);
  }
  cancel.hidden = true;
  // After a success the page is left: the button stays off until then.
  if (!failure) return;
  show(failure);
  button.disabled = false;
}

/** Goes to a path of this site. */
export function go(path: string): void {
  location.assign(path);
}

function show({ result, text, error }: Omit<Failure, 'error'> & { readonly error?: string }): void {
  const line = element('result', HTMLElement);
  line.textContent = text;
  line.dataset['result'] = result;
  if (error === undefined) delete line.dataset['error'];
  else line.dataset['error'] = error;
}

const ERROR_TEXTS: Readonly<Record<string, string>> = {
  NotAllowedError: 'The request was cancelled, timed out, or no fitting key answered. Have your key ready and try again.',
  InvalidStateError: 'This security key is registered already. Use another key.',
  AbortError: 'You cancelled. Try again when you are ready.',
  SecurityError: 'This site may not use security keys under this address. Open it under its own address.',
  NotSupportedError: 'Your browser or key does not support what this site needs. Use another key or browser.',
};

function failureOf(error: unknown): Failure {
  const name = error instanceof Error ? error.name : 'Error';
  const text = ERROR_TEXTS[name] ?? `Something went wrong (${error instanceof Error ? error.message : String(error)}). Try again.`;
  return { result: 'error', error: name, text };
}
