import { type Route } from '../http/exchange.ts';
import { pageReply, redirect } from '../http/reply.ts';
import { accountPage } from '../pages/account.ts';
import { takeNotice } from '../pages/layout.ts';
import { accessCodePage, signInPage, signInUserNamePage } from '../pages/sign-in.ts';
import { findUserById } from '../data.ts';
import { refusalStatus } from '../refusals.ts';
import { safeNext, signInWithCode, signOut } from './actions.ts';
import { type RouteParts } from './parts.ts';

/** Start, sign-in, account and sign-out pages. */
export function signInRoutes(parts: RouteParts): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      access: 'session',
      handle: ({ session }) => redirect(session.signedIn ? '/account' : '/sign-in'),
    },
    {
      method: 'GET',
      path: '/sign-in',
      access: 'session',
      handle: ({ session, url }) => pageReply(signInPage(session, safeNext(url.searchParams.get('next')), takeNotice(session))),
    },
    {
      method: 'GET',
      path: '/sign-in/user-name',
      access: 'session',
      handle: ({ session, url }) => pageReply(signInUserNamePage(session, safeNext(url.searchParams.get('next')))),
    },
    {
      method: 'GET',
      path: '/sign-in/code',
      access: 'session',
      handle: ({ session, url }) => pageReply(accessCodePage(session, safeNext(url.searchParams.get('next')), '', takeNotice(session))),
    },
    {
      method: 'POST',
      path: '/sign-in/code',
      access: 'session',
      handle: async (exchange) => {
        const { form } = exchange;
        const next = safeNext(form.get('next'));
        const userName = (form.get('userName') ?? '').slice(0, 64);
        const refused = await signInWithCode(parts, exchange, userName, (form.get('code') ?? '').slice(0, 64));
        if (!refused) return redirect(next);
        const notice = { result: refused.reason, text: refused.message, isError: true };
        return pageReply(accessCodePage(exchange.session, next, userName, notice), refusalStatus(refused.reason));
      },
    },
    {
      method: 'GET',
      path: '/account',
      access: 'signed-in',
      handle: ({ session, signedIn }) => {
        const user = findUserById(parts.store.data, signedIn.userId);
        return user ? pageReply(accountPage(session, signedIn, user, takeNotice(session))) : redirect('/sign-in');
      },
    },
    {
      method: 'POST',
      path: '/sign-out',
      access: 'signed-in',
      handle: (exchange) => {
        signOut(parts, exchange);
        return redirect('/sign-in');
      },
    },
  ];
}
