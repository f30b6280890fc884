import { type DeviceKind, type TenantCredential, type TenantUser } from '../data.ts';
import { type ModelNames } from '../models.ts';
import { type Notice, type Session } from '../sessions.ts';
import { type Html, html } from './html.ts';
import { csrfField, layout } from './layout.ts';
import { CANCEL } from './sign-in.ts';

const DEVICE_NAMES: Readonly<Record<DeviceKind, string>> = { usb: 'USB device', nfc: 'NFC device' };

/** The list of a person's sign-in methods. */
export function securityInfoPage(session: Session, user: TenantUser, modelName: ModelNames, notice: Notice | undefined): Html {
  const list = html`<ul id="methods" class="methods">
${user.credentials.map((credential) => methodItem(credential, modelName))}</ul>`;
  return layout({
    title: 'Security info',
    session,
    notice,
    content: html`<p>These are the methods you sign in with.</p>
<div class="actions"><a id="add-method" class="button" href="/security-info/add">Add method</a></div>
${user.credentials.length === 0 ? html`<p id="no-methods" class="card">You have no security key yet.</p>` : list}`,
  });
}

/** Add method, step 1: which method. */
export function chooseMethodPage(session: Session): Html {
  return layout({
    title: 'Add a method',
    session,
    content: html`<div class="card">
<p>Which method would you like to add?</p>
<ul class="choices"><li><a id="choose-security-key" class="button" href="/security-info/add/security-key">Security key</a></li></ul>
<ul class="links"><li><a href="/security-info">Cancel</a></li></ul>
</div>`,
  });
}

/** Add method, step 2: how the key is connected. */
export function chooseDevicePage(session: Session): Html {
  return layout({
    title: 'Security key',
    session,
    content: html`<div class="card">
<p>Which kind of security key do you have?</p>
<ul class="choices">
<li><a id="choose-usb" class="button" href="/security-info/add/security-key/usb">${DEVICE_NAMES.usb}</a></li>
<li><a id="choose-nfc" class="button" href="/security-info/add/security-key/nfc">${DEVICE_NAMES.nfc}</a></li>
</ul>
<ul class="links"><li><a href="/security-info">Cancel</a></li></ul>
</div>`,
  });
}

/** Add method, step 3: have the key ready, then create the credential. */
export function createKeyPage(session: Session, device: DeviceKind): Html {
  const instruction =
    device === 'usb'
      ? 'Have your key ready. When you are asked, plug it into a USB port, enter its PIN and touch it.'
      : 'Have your key ready. When you are asked, hold it to the reader, enter its PIN and hold it to the reader again.';
  return layout({
    title: `Security key: ${DEVICE_NAMES[device]}`,
    session,
    script: 'add-key',
    content: html`<div class="card">
<p>${instruction}</p>
<div class="actions"><button id="create-key" type="button" data-device="${device}">Next</button>${CANCEL}</div>
<ul class="links"><li><a href="/security-info">Back to security info</a></li></ul>
</div>`,
  });
}

/** Add method, step 4: give the new key a name. */
export function nameKeyPage(session: Session, credential: TenantCredential, notice: Notice | undefined): Html {
  return layout({
    title: 'Name your security key',
    session,
    notice,
    content: html`<form class="card" method="post" action="/security-info/name">
${csrfField(session)}<input type="hidden" name="id" value="${credential.id}">
<label for="key-name">A name that tells this key from your others</label>
<input id="key-name" name="name" maxlength="64" required autofocus autocomplete="off">
<div class="actions"><button id="save-name" type="submit">Save</button></div>
</form>`,
  });
}

/** Asks before a key is deleted. */
export function deleteKeyPage(session: Session, credential: TenantCredential): Html {
  return layout({
    title: 'Delete security key',
    session,
    content: html`<form class="card" method="post" action="/security-info/delete">
${csrfField(session)}<input type="hidden" name="id" value="${credential.id}">
<p>Delete <strong>${credential.name}</strong>? You can no longer sign in with this key. The passkey on the key itself stays there until you remove it with the key's own tool.</p>
<div class="actions"><button id="confirm-delete" class="danger" type="submit">Delete</button><a class="button quiet" href="/security-info">Cancel</a></div>
</form>`,
  });
}

function methodItem(credential: TenantCredential, modelName: ModelNames): Html {
  const facts: readonly (readonly [string, string, string])[] = [
    ['model', 'Model', modelName(credential.aaguid)],
    ['aaguid', 'AAGUID', credential.aaguid],
    ['device', 'Connected as', DEVICE_NAMES[credential.device]],
    ['created', 'Added', formatTime(credential.createdAt)],
    ['last-used', 'Last used', credential.lastUsedAt === null ? 'never' : formatTime(credential.lastUsedAt)],
  ];
  return html`<li class="card method" data-credential-id="${credential.id}">
<h2 class="key-name">${credential.name}</h2>
<dl>${facts.map(([id, label, value]) => html`<div><dt>${label}</dt><dd data-field="${id}">${value}</dd></div>`)}</dl>
<a class="button quiet delete" href="/security-info/delete?id=${credential.id}" aria-label="Delete ${credential.name}">Delete</a>
</li>
`;
}

/** "2026-01-31 14:05 UTC": the same text on every machine. */
function formatTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
