/** A "no" of the tenant: a stable code, a text for the person (what happened, what to do) and a line for the developer. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly message: string;
  readonly detail: string;
}

interface RefusalText {
  readonly status: number;
  readonly message: string;
}

const REFUSALS = {
  'bad-request': { status: 400, message: 'The request could not be understood. Go back and try again.' },
  'body-too-large': { status: 413, message: 'The request is too large. Go back and try again.' },
  csrf: { status: 403, message: 'Your session has ended or the form is not from this site. Open the page again and retry.' },
  'wrong-host': { status: 421, message: 'This server does not answer under this address. Open it under the address it printed at its start.' },
  'not-found': { status: 404, message: 'There is no such page. Go back to the start page.' },
  'wrong-method': { status: 405, message: 'This address does not accept this kind of request. Go back and try again.' },
  'internal-error': { status: 500, message: 'The tenant could not finish the request. Try again; if it happens again, look at the server log.' },
  'sign-in-needed': { status: 401, message: 'You are not signed in. Sign in first.' },
  'sign-in-stale': { status: 401, message: 'Your last sign-in is more than 5 minutes ago. Sign in again to change your security info.' },
  'code-wrong': { status: 401, message: 'The user name or the code is not right. Check both and try again.' },
  'code-expired': { status: 401, message: 'This temporary access code has expired. Ask your administrator for a new one.' },
  'code-used': { status: 401, message: 'This temporary access code has been used already. Ask your administrator for a new one.' },
  'code-blocked': { status: 401, message: 'Too many wrong codes were entered. Ask your administrator for a new one.' },
  'unknown-user': { status: 404, message: 'No security key is registered under this user name. Check the name, or use a temporary access code.' },
  'unknown-credential': { status: 401, message: 'This security key is not registered here. Use another key or a temporary access code.' },
  'too-many-keys': { status: 409, message: 'You have the largest number of security keys allowed (10). Delete one first.' },
  'already-registered': { status: 409, message: 'This security key is registered already. Use another key.' },
  'challenge-unknown': { status: 400, message: 'The answer does not belong to a request of this session. Start again.' },
  'challenge-used': { status: 400, message: 'This answer was sent before. Start again.' },
  'challenge-expired': { status: 400, message: 'The request took longer than 10 minutes. Start again.' },
  'wrong-origin': { status: 400, message: 'The answer was made for another site. Open this site under its own address and start again.' },
  'wrong-rp-id': { status: 400, message: 'The answer was made for another site. Open this site under its own address and start again.' },
  'cross-origin-frame': { status: 400, message: 'The answer was made inside a page of another site. Open this site in its own tab and start again.' },
  'wrong-type': { status: 400, message: 'The answer is of the wrong kind. Start again.' },
  'user-not-verified': { status: 400, message: 'The key did not verify you with a PIN or fingerprint. Set a PIN on the key and start again.' },
  'user-not-present': { status: 400, message: 'The key was not touched. Start again and touch the key when it blinks.' },
  'wrong-user': { status: 400, message: 'The key answered for another user. Start again with the key of this user.' },
  'counter-not-increased': { status: 400, message: 'The signature counter of the key went back: the key may have been copied. Ask your administrator.' },
  'signature-invalid': { status: 400, message: 'The signature of the key is not right. Start again; if it happens again, register the key anew.' },
  'verification-failed': { status: 400, message: 'The answer of the key could not be verified. Start again.' },
} as const satisfies Record<string, RefusalText>;

/** The stable codes of everything the tenant refuses. */
export type RefusalReason = keyof typeof REFUSALS;

/** A refusal with the fixed text of its reason. `detail` (one line, no secret) defaults to the text. */
export function refusal(reason: RefusalReason, detail?: string): Refusal {
  const { message } = REFUSALS[reason];
  return { reason, message, detail: detail ?? message };
}

/** The HTTP status a refusal is answered with. */
export function refusalStatus(reason: RefusalReason): number {
  return REFUSALS[reason].status;
}
