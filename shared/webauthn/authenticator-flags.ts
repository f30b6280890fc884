/** Bits of the flags byte (WebAuthn L3 §6.1). */
export const AuthenticatorFlag = {
  userPresent: 0x01,
  reserved1: 0x02,
  userVerified: 0x04,
  backupEligible: 0x08,
  backupState: 0x10,
  reserved2: 0x20,
  attestedCredentialData: 0x40,
  extensionData: 0x80,
} as const;
