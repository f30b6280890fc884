import { type TenantUser } from '../data.ts';
import { type Notice, type Session, type SignedIn } from '../sessions.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';

/** Where a person lands after the sign-in. */
export function accountPage(session: Session, signedIn: SignedIn, user: TenantUser, notice: Notice | undefined): Html {
  const how = signedIn.method === 'security-key' ? 'a security key' : 'a temporary access code';
  const keys = user.credentials.length;
  return layout({
    title: 'Account',
    session,
    notice,
    content: html`<div class="card">
<p>You are signed in as <strong id="signed-in-user">${user.displayName}</strong>, with <span id="sign-in-method">${how}</span>.</p>
<p>${keys === 0 ? 'You have no security key yet. Add one in your security info, so that you can sign in without a code.' : `Security keys registered: ${keys.toString()}.`}</p>
<p><a class="button" href="/security-info">Security info</a></p>
</div>`,
  });
}
