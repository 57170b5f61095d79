'use strict';

const path = require('node:path');
const { run } = require('./runner');

const program = path.join(process.argv[2], 'spillway-sandbox');

run({ 'xero-node': require('./xero'), 'intuit-oauth and node-quickbooks': require('./qbo') }, program)
  .then((tally) => tally.close(), (error) => {
    console.log(error.stack);
    console.log('0 passed, 1 failed, 0 skipped');
    process.exit(1);
  });
