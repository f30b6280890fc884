import { type Notice, type Session } from '../sessions.ts';
import { type Html, html } from './html.ts';

/** What a page needs besides its content. */
export interface PageParts {
  readonly title: string;
  readonly session: Session | undefined;
  readonly content: Html;
  /** Name of a script under `/assets/`, without extension. */
  readonly script?: string;
  /** Where the browser goes after success; read by the script. */
  readonly next?: string;
  readonly notice?: Notice | undefined;
}

/** The frame of every page: header with the links of the person signed in, result line, content. */
export function layout({ title, session, content, script, next, notice }: PageParts): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${session ? html`<meta name="csrf-token" content="${session.csrfToken}">` : undefined}
<title>${title} - Example Tenant</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/style.css">
${script === undefined ? undefined : html`<script type="module" src="/assets/${script}.js"></script>`}
</head>
<body data-next="${next ?? '/account'}">
<header>
<a class="brand" href="/">Example Tenant</a>
${session?.signedIn ? signedInLinks(session) : undefined}
</header>
<main>
<h1>${title}</h1>
<p id="result" role="status" data-result="${notice?.result ?? 'none'}" ${notice?.isError ? html`data-error="${notice.result}"` : undefined}>${notice?.text}</p>
${content}
${script === undefined ? undefined : html`<noscript><p>This page needs JavaScript to talk to your security key.</p></noscript>`}
</main>
</body>
</html>
`;
}

/** The hidden field every form carries. */
export function csrfField(session: Session): Html {
  return html`<input type="hidden" name="csrf" value="${session.csrfToken}">`;
}

/** Takes the session's notice: it is shown once. */
export function takeNotice(session: Session): Notice | undefined {
  const { notice } = session;
  session.notice = undefined;
  return notice;
}

function signedInLinks(session: Session): Html {
  return html`<nav aria-label="Account">
<a id="link-account" href="/account">Account</a>
<a id="link-security-info" href="/security-info">Security info</a>
<form method="post" action="/sign-out">${csrfField(session)}<button id="sign-out" class="quiet" type="submit">Sign out</button></form>
</nav>`;
}
