import { type Notice, type Session } from '../sessions.ts';
import { type Html, html } from './html.ts';
import { csrfField, layout } from './layout.ts';

/** Sign-in without user name: the key says who it is. */
export function signInPage(session: Session, next: string, notice: Notice | undefined): Html {
  const query = `?next=${encodeURIComponent(next)}`;
  return layout({
    title: 'Sign in',
    session,
    next,
    notice,
    script: 'sign-in',
    content: html`<div class="card">
<p>Use the security key you registered. You need its PIN; you do not need your user name.</p>
<div class="actions">
<button id="sign-in-key" type="button">Sign in with a security key</button>
${CANCEL}
</div>
<ul class="links">
<li><a id="link-user-name" href="/sign-in/user-name${query}">Sign in with user name first</a></li>
<li><a id="link-access-code" href="/sign-in/code${query}">Use a temporary access code instead</a></li>
</ul>
</div>`,
  });
}

/** Sign-in with the user name first: the tenant then names the user's keys. */
export function signInUserNamePage(session: Session, next: string): Html {
  return layout({
    title: 'Sign in with user name',
    session,
    next,
    script: 'sign-in-user-name',
    content: html`<form id="user-name-form" class="card">
<label for="user-name">User name</label>
<input id="user-name" name="userName" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus>
<div class="actions">
<button id="sign-in-user-name" type="submit">Next: use your security key</button>
${CANCEL}
</div>
<ul class="links"><li><a href="/sign-in">Back to sign-in without user name</a></li></ul>
</form>`,
  });
}

/** Sign-in with a temporary access code: how somebody without a key gets in to register one. */
export function accessCodePage(session: Session, next: string, userName: string, notice: Notice | undefined): Html {
  return layout({
    title: 'Temporary access code',
    session,
    notice,
    content: html`<form class="card" method="post" action="/sign-in/code">
${csrfField(session)}<input type="hidden" name="next" value="${next}">
<p>Your administrator gives you a code for your first sign-in. It works once.</p>
<label for="user-name">User name</label>
<input id="user-name" name="userName" value="${userName}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus>
<label for="access-code">Temporary access code</label>
<input id="access-code" name="code" type="password" autocomplete="one-time-code" maxlength="64" required>
<div class="actions"><button id="sign-in-code" type="submit">Sign in</button></div>
<ul class="links"><li><a href="/sign-in">Back to sign-in with a security key</a></li></ul>
</form>`,
  });
}

/** Shown by the scripts while they wait for the key. */
export const CANCEL = html`<button id="cancel" class="quiet" type="button" hidden>Cancel</button>`;
