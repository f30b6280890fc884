import { type Refusal } from '../refusals.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';

/** A page that says what was refused and what to do. */
export function refusalPage({ reason, message }: Refusal): Html {
  return layout({
    title: 'That did not work',
    session: undefined,
    notice: { result: reason, text: message, isError: true },
    content: html`<p><a href="/">Go to the start page</a></p>`,
  });
}
