/**
 * What an administrator can set for the extension (`storage.managed`), in the form that Chromium wants: JSON schema
 * without `additionalProperties: false`, unions and references. Chromium drops a whole property that does not fit;
 * the extension therefore decodes everything again, and Firefox passes everything unchecked.
 */
export const MANAGED_SCHEMA = {
  $schema: 'http://json-schema.org/draft-03/schema#',
  type: 'object',
  properties: {
    interception: {
      title: 'How WebAuthn calls reach Keystile',
      description: 'page: by a script in every page (default). proxy: by the browser (Chromium 115 or newer); then no other authenticator can be used.',
      type: 'string',
      enum: ['page', 'proxy'],
    },
    excludedSites: {
      title: 'Sites that Keystile leaves to the browser',
      description: 'Domains; each stands for itself and everything below it.',
      type: 'array',
      items: { type: 'string' },
    },
    siteProfiles: {
      title: 'Site profiles that are on',
      description: 'Ids of bundled profiles, such as "microsoft" (docs/POLICY.md). When set, the list decides alone and users cannot turn profiles on or off; an empty list turns all of them off.',
      type: 'array',
      items: { type: 'string' },
    },
    siteNames: {
      title: 'Names of sign-in sites',
      description: 'Shown in the prompt beside the origin. Each domain stands for itself and everything below it.',
      type: 'array',
      items: { type: 'object', properties: { domain: { type: 'string' }, name: { type: 'string' } } },
    },
    policy: {
      title: 'Which security keys may be used where',
      description: 'JSON as text (docs/POLICY.md): rules per site, or the fido2AuthenticationMethodConfiguration of a Microsoft Entra tenant as it is.',
      type: 'string',
    },
  },
} as const;
