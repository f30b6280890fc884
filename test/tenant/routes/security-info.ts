import { findUserById, type TenantCredential, type TenantUser } from '../data.ts';
import { type Route, type SignedInExchange } from '../http/exchange.ts';
import { pageReply, redirect, type Reply } from '../http/reply.ts';
import { type Html } from '../pages/html.ts';
import { takeNotice } from '../pages/layout.ts';
import { refusalPage } from '../pages/refusal.ts';
import { chooseDevicePage, chooseMethodPage, createKeyPage, deleteKeyPage, nameKeyPage, securityInfoPage } from '../pages/security-info.ts';
import { refusal, refusalStatus } from '../refusals.ts';
import { type RouteParts } from './parts.ts';

/** Security info: the list, adding a key in four steps, deleting one. */
export function securityInfoRoutes(parts: RouteParts): readonly Route[] {
  const page = (path: string, render: (exchange: SignedInExchange) => Html): Route => ({
    method: 'GET',
    path,
    access: 'fresh',
    handle: (exchange) => pageReply(render(exchange)),
  });
  const withUser = (exchange: SignedInExchange, handle: (user: TenantUser) => Reply): Reply => {
    const user = findUserById(parts.store.data, exchange.signedIn.userId);
    return user ? handle(user) : redirect('/sign-in');
  };
  const withCredential = (exchange: SignedInExchange, handle: (credential: TenantCredential) => Reply): Reply =>
    withUser(exchange, (user) => {
      const credential = user.credentials.find(({ id }) => id === exchange.url.searchParams.get('id'));
      return credential ? handle(credential) : noSuchKey();
    });

  return [
    {
      method: 'GET',
      path: '/security-info',
      access: 'fresh',
      handle: (exchange) =>
        withUser(exchange, (user) =>
          pageReply(securityInfoPage(exchange.session, user, parts.modelName, takeNotice(exchange.session))),
        ),
    },
    page('/security-info/add', ({ session }) => chooseMethodPage(session)),
    page('/security-info/add/security-key', ({ session }) => chooseDevicePage(session)),
    page('/security-info/add/security-key/usb', ({ session }) => createKeyPage(session, 'usb')),
    page('/security-info/add/security-key/nfc', ({ session }) => createKeyPage(session, 'nfc')),
    {
      // The key exists already: a person who took long over its name is not sent away.
      method: 'GET',
      path: '/security-info/name',
      access: 'signed-in',
      handle: (exchange) =>
        withCredential(exchange, (credential) =>
          pageReply(nameKeyPage(exchange.session, credential, takeNotice(exchange.session))),
        ),
    },
    {
      method: 'POST',
      path: '/security-info/name',
      access: 'signed-in',
      handle: async ({ session, signedIn, form }) => {
        const name = (form.get('name') ?? '').trim().slice(0, 64);
        if (name === '') {
          session.notice = { result: 'name-missing', text: 'The name is empty. Enter a name for the key.', isError: true };
          return redirect(`/security-info/name?id=${encodeURIComponent(form.get('id') ?? '')}`);
        }
        const isNamed = await parts.store.update((draft) => {
          const credential = findUserById(draft, signedIn.userId)?.credentials.find(({ id }) => id === form.get('id'));
          if (credential) credential.name = name;
          return credential !== undefined;
        });
        if (!isNamed) return noSuchKey();
        session.notice = { result: 'registered', text: `Your security key "${name}" is ready. You can sign in with it from now on.` };
        return redirect('/security-info');
      },
    },
    {
      method: 'GET',
      path: '/security-info/delete',
      access: 'fresh',
      handle: (exchange) => withCredential(exchange, (credential) => pageReply(deleteKeyPage(exchange.session, credential))),
    },
    {
      method: 'POST',
      path: '/security-info/delete',
      access: 'fresh',
      handle: async ({ session, signedIn, form }) => {
        const deleted = await parts.store.update((draft) => {
          const user = findUserById(draft, signedIn.userId);
          const credential = user?.credentials.find(({ id }) => id === form.get('id'));
          if (user && credential) user.credentials = user.credentials.filter((other) => other !== credential);
          return user && credential ? { userName: user.name, credential } : undefined;
        });
        if (!deleted) return noSuchKey();
        const { userName, credential } = deleted;
        parts.events.add({ type: 'deleted', at: parts.clock(), userName, credentialId: credential.id });
        session.notice = { result: 'deleted', text: `Your security key "${credential.name}" was deleted.` };
        return redirect('/security-info');
      },
    },
  ];
}

function noSuchKey(): Reply {
  const refused = refusal('not-found', 'no such credential of this user');
  return pageReply(
    refusalPage({ ...refused, message: 'You have no such security key. It may have been deleted already; look at your security info.' }),
    refusalStatus(refused.reason),
  );
}
