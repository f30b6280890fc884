import * as v from 'valibot';

const base64url = v.pipe(v.string(), v.maxLength(8192), v.regex(/^[A-Za-z0-9_-]+$/));
const time = v.pipe(v.number(), v.integer(), v.minValue(0));

const credentialSchema = v.object({
  id: base64url,
  /** COSE_Key, base64url. */
  publicKey: base64url,
  counter: v.pipe(v.number(), v.integer(), v.minValue(0)),
  transports: v.array(v.string()),
  aaguid: v.string(),
  fmt: v.string(),
  rpId: v.string(),
  name: v.string(),
  device: v.picklist(['usb', 'nfc']),
  createdAt: time,
  lastUsedAt: v.nullable(time),
});

const accessCodeSchema = v.object({
  salt: base64url,
  /** scrypt of the code, base64url. */
  hash: base64url,
  expiresAt: time,
  usedAt: v.nullable(time),
  failures: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

const userSchema = v.object({
  /** The WebAuthn user handle: 32 random bytes, base64url. */
  id: base64url,
  name: v.string(),
  displayName: v.string(),
  accessCode: v.nullable(accessCodeSchema),
  credentials: v.array(credentialSchema),
});

/** What the data file holds. Times are milliseconds since the epoch. */
export const tenantDataSchema = v.object({
  format: v.literal('tenant-data'),
  version: v.literal(1),
  users: v.array(userSchema),
});

export type TenantData = v.InferOutput<typeof tenantDataSchema>;
export type TenantUser = v.InferOutput<typeof userSchema>;
export type TenantCredential = v.InferOutput<typeof credentialSchema>;
export type AccessCodeRecord = v.InferOutput<typeof accessCodeSchema>;
/** The kind of key a person says they are adding. */
export type DeviceKind = TenantCredential['device'];

/** Data of a tenant nobody has used yet. */
export function emptyData(): TenantData {
  return { format: 'tenant-data', version: 1, users: [] };
}

/** User names compare without regard to case and Unicode form. */
export function normalizeUserName(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

/** The user of this name, or undefined. */
export function findUserByName(data: TenantData, name: string): TenantUser | undefined {
  const wanted = normalizeUserName(name);
  return data.users.find((user) => user.name === wanted);
}

/** The user of this handle (base64url), or undefined. */
export function findUserById(data: TenantData, id: string): TenantUser | undefined {
  return data.users.find((user) => user.id === id);
}
