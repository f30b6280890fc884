import { type InterfaceName, INTERFACES } from '../interfaces.ts';
import { addContainer } from './container.ts';
import { addAttribute, addInterface, addOperation, illegalInvocation, type InterfaceObject } from './native-look.ts';
import { addStatics } from './statics.ts';

/**
 * Gives a browser that has no WebAuthn the whole interface, in a secure context, before any script of the page runs.
 * It does what the browser's own does without an authenticator: calls fail with NotAllowedError, and there is no object
 * that the accessors accept. What serves calls and makes credentials is put over it, as over a browser's own.
 */
export function provideWebauthn(realm: typeof globalThis): void {
  if ('PublicKeyCredential' in realm) return;
  const made = {} as Record<string, InterfaceObject>;
  for (const each in INTERFACES) {
    const name = each as InterfaceName;
    const { attributes, methods, parent } = INTERFACES[name];
    const existing = (realm as unknown as Record<string, InterfaceObject | undefined>)[name];
    made[name] = existing ?? addInterface(realm, name, parent && made[parent]);
    if (existing !== undefined) continue;
    const { prototype } = made[name];
    for (const attribute of attributes) addAttribute(prototype, attribute, illegalInvocation);
    for (const method of methods) addOperation(prototype, method, 0, illegalInvocation);
  }
  addContainer(realm);
  if (made['PublicKeyCredential'] !== undefined) addStatics(made['PublicKeyCredential']);
}
