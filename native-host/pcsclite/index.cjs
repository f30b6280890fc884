'use strict';

// Where the sources run unbundled (tests, tsx), `require('@pokusew/pcsclite')` comes here; bundles take drop-in.ts itself.
module.exports = require('tsx/cjs/api').require('./drop-in.ts', __filename);
