/**
 * Import directions. Each rule is one sentence of docs/ARCHITECTURE.md; `test/support/imports.test.ts` plants a
 * violation of the main ones and expects a refusal.
 */

/** Layers of shared/, lowest first: a folder may import itself and the folders before it. */
const SHARED_LAYERS = ['bytes', 'cbor', 'cose', 'webauthn', 'x509', 'verifier', 'policy'];

const sharedLayerRules = SHARED_LAYERS.slice(0, -1).map((layer, index) => ({
  name: `shared-${layer}-is-below`,
  comment: `shared/${layer} does not know the layers above it`,
  severity: 'error',
  from: { path: `^shared/${layer}/` },
  to: { path: `^shared/(${[...SHARED_LAYERS.slice(index + 1), 'wire'].join('|')})/` },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...sharedLayerRules,
    {
      name: 'wire-uses-webauthn-types-and-bytes',
      comment: 'The contracts know the JSON dictionaries and bytes, nothing else of shared/',
      severity: 'error',
      from: { path: '^shared/wire/' },
      to: { path: '^shared/', pathNot: '^shared/(wire/|bytes/|webauthn/json\\.ts)' },
    },
    {
      name: 'shared-is-pure',
      comment: 'shared/ runs everywhere: no Node modules, nothing of the host or the extension',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(native-host|extension|manifests|test)/' },
    },
    {
      name: 'shared-has-no-node',
      severity: 'error',
      from: { path: '^shared/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'host-and-extension-are-apart',
      severity: 'error',
      from: { path: '^native-host/' },
      to: { path: '^extension/' },
    },
    {
      name: 'extension-and-host-are-apart',
      severity: 'error',
      from: { path: '^extension/' },
      to: { path: '^native-host/' },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(shared|native-host|extension|manifests)/' },
      to: { path: '^test/' },
    },
    {
      name: 'node-hid-has-one-importer',
      severity: 'error',
      from: { path: '^(shared|native-host|extension|manifests)/', pathNot: '^native-host/transport/usb/node-hid\\.ts$' },
      to: { path: 'node_modules/node-hid' },
    },
    {
      name: 'nfc-pcsc-has-one-importer',
      severity: 'error',
      from: { path: '^(shared|native-host|extension|manifests)/', pathNot: '^native-host/transport/nfc/pcsc\\.ts$' },
      to: { path: 'node_modules/nfc-pcsc' },
    },
    {
      name: 'koffi-has-one-importer',
      severity: 'error',
      from: { path: '^(shared|native-host|extension|manifests)/', pathNot: '^native-host/pcsclite/' },
      to: { path: 'node_modules/koffi' },
    },
    {
      name: 'polyfill-only-in-platform',
      severity: 'error',
      from: { path: '^(shared|native-host|extension|manifests)/', pathNot: '^extension/platform/' },
      to: { path: 'node_modules/webextension-polyfill' },
    },
    {
      name: 'page-is-small-and-alone',
      comment: 'Page scripts run in a hostile realm: wire/page (with its envelope), bytes, the JSON types and what site profiles say only',
      severity: 'error',
      from: { path: '^extension/page/' },
      to: {
        path: '.',
        pathNot: '^(extension/page/|shared/bytes/|shared/site-profile/|shared/wire/(page|envelope)\\.ts|shared/webauthn/json\\.ts)',
      },
    },
    {
      name: 'content-is-small-and-alone',
      severity: 'error',
      from: { path: '^extension/content/' },
      to: {
        path: '.',
        pathNot:
          '^(extension/content/|extension/platform/content-runtime\\.ts|shared/bytes/|shared/wire/(page|envelope)\\.ts|shared/webauthn/json\\.ts)',
      },
    },
    {
      name: 'ui-does-not-import-background',
      severity: 'error',
      from: { path: '^extension/ui/' },
      to: { path: '^extension/(background|page|content)/' },
    },
    {
      name: 'background-does-not-import-ui',
      severity: 'error',
      from: { path: '^extension/background/' },
      to: { path: '^extension/(ui|page|content)/' },
    },
    {
      name: 'protocol-code-has-no-transport-io',
      comment: 'CTAP commands, U2F messages, the ceremony machine and key management see the device interface, never a concrete transport',
      severity: 'error',
      from: { path: '^native-host/(ctap2|u2f|ceremony|management)/' },
      to: { path: '^native-host/transport/(usb|nfc|udp)/' },
    },
    {
      name: 'virtual-key-shares-nothing-with-the-host',
      comment: 'Otherwise one bug hides in both',
      severity: 'error',
      from: { path: '^test/virtual-key/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(native-host|extension|shared)/', pathNot: '^shared/(bytes|cbor)/' },
    },
    {
      name: 'tenant-shares-nothing-with-the-product',
      severity: 'error',
      from: { path: '^test/tenant/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(native-host|extension|shared|manifests)/' },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      from: { pathNot: '^native-host/pcsclite/index\\.cjs$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'product-uses-no-development-package',
      severity: 'error',
      // The binding's entry for unbundled use, that is for tests.
      from: { path: '^(shared|native-host|extension)/', pathNot: '^native-host/pcsclite/index\\.cjs$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'browser', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json', '.d.ts'],
    },
  },
};
