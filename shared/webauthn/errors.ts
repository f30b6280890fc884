/**
 * How a call can fail in the page's eyes: a closed set of exception names, each with one fixed text. What really
 * happened stands in `detail`, for the prompt and the inspector; it never reaches the page.
 *
 * Source: WebAuthn Level 3 §5.1.3 and §5.1.4 (exceptions of `create()` and `get()`).
 */

/** Names of the exceptions that a page may get. All are DOMExceptions, but for TypeError. */
export const WebauthnErrorName = {
  abort: 'AbortError',
  constraint: 'ConstraintError',
  invalidState: 'InvalidStateError',
  notAllowed: 'NotAllowedError',
  notSupported: 'NotSupportedError',
  operation: 'OperationError',
  range: 'RangeError',
  security: 'SecurityError',
  syntax: 'SyntaxError',
  type: 'TypeError',
} as const;
export type WebauthnErrorName = (typeof WebauthnErrorName)[keyof typeof WebauthnErrorName];

/** An expected failure of a ceremony on the client's side. */
export interface WebauthnError {
  readonly kind: 'webauthn';
  readonly name: WebauthnErrorName;
  /** Not for the page. */
  readonly detail: string;
}

const PAGE_TEXTS: Readonly<Record<WebauthnErrorName, string>> = {
  AbortError: 'The operation was aborted.',
  ConstraintError: 'No authenticator meets the requirements of this request.',
  InvalidStateError: 'The authenticator already holds a credential for this account.',
  NotAllowedError: 'The operation either timed out or was not allowed.',
  NotSupportedError: 'None of the requested credential types and algorithms is supported.',
  OperationError: 'Another request is already pending.',
  RangeError: 'A list of credentials is too long.',
  SecurityError: 'The relying party ID may not be used by this origin.',
  SyntaxError: 'An option for the credential does not have the right form.',
  TypeError: 'The options for the credential are not valid.',
};

/** Builds an error; `detail` says what was wrong, for the inspector. */
export function webauthnError(name: WebauthnErrorName, detail: string): WebauthnError {
  return { kind: 'webauthn', name, detail };
}

/** The only form in which a failure crosses to the page: the name and its fixed text. */
export function toPageError(name: WebauthnErrorName): { readonly name: WebauthnErrorName; readonly message: string } {
  return { name, message: PAGE_TEXTS[name] };
}

/** Bytes or text that do not have the structure WebAuthn gives them; `detail` says where it breaks. */
export interface StructureError {
  readonly kind: 'structure';
  readonly structure: 'clientData' | 'authenticatorData' | 'attestationObject';
  readonly detail: string;
}

/** Builds the error for a broken structure. */
export function structureError(structure: StructureError['structure'], detail: string): StructureError {
  return { kind: 'structure', structure, detail };
}
