import { type Route } from '../http/exchange.ts';
import { labReply } from '../http/reply.ts';
import { type Html, html } from '../pages/html.ts';

/** Pages for tests that bring their own script. They answer under every host name. */
export function labRoutes(): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/lab/empty',
      access: 'open',
      handle: () => labReply(html`<!doctype html>`),
    },
    {
      method: 'GET',
      path: '/lab/webauthn',
      access: 'session',
      handle: ({ session }) =>
        labReply(
          labPage('WebAuthn lab', html`<meta name="csrf-token" content="${session.csrfToken}">`, html`<p id="result" role="status" data-result="none"></p>`),
        ),
    },
    {
      method: 'GET',
      path: '/lab/frame',
      access: 'open',
      handle: ({ url }) => {
        const src = url.searchParams.get('src') ?? '';
        const allow = url.searchParams.get('allow');
        const frame = html`<iframe id="frame" title="Framed page" src="${src}" ${allow === null ? undefined : html`allow="${allow}"`}></iframe>`;
        return labReply(labPage('Frame lab', undefined, isWebAddress(src) ? frame : NO_SOURCE));
      },
    },
  ];
}

const NO_SOURCE = html`<p id="result" role="status" data-result="bad-request">Give the page to frame: ?src=http(s)://...&amp;allow=...</p>`;

function labPage(title: string, head: Html | undefined, body: Html): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">${head}</head>
<body>${body}</body></html>
`;
}

/** Only web addresses are framed: never `javascript:` or `data:`. */
function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
