/**
 * The members of the interfaces whose objects a page gets.
 *
 * Source: Credential Management L1 §2.2; WebAuthn L3 §5.1, §5.2.
 */
export const INTERFACES = {
  Credential: { parent: undefined, attributes: ['id', 'type'], methods: [] },
  PublicKeyCredential: {
    parent: 'Credential',
    attributes: ['rawId', 'response', 'authenticatorAttachment'],
    methods: ['getClientExtensionResults', 'toJSON'],
  },
  AuthenticatorResponse: { parent: undefined, attributes: ['clientDataJSON'], methods: [] },
  AuthenticatorAttestationResponse: {
    parent: 'AuthenticatorResponse',
    attributes: ['attestationObject'],
    methods: ['getAuthenticatorData', 'getPublicKey', 'getPublicKeyAlgorithm', 'getTransports'],
  },
  AuthenticatorAssertionResponse: {
    parent: 'AuthenticatorResponse',
    attributes: ['authenticatorData', 'signature', 'userHandle'],
    methods: [],
  },
} as const;

export type InterfaceName = keyof typeof INTERFACES;
