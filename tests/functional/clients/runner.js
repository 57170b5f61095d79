'use strict';
// The tests run one after the other, each from a sandbox that was reset.

const { divert } = require('./wire');
const { Sandbox } = require('../support/sandbox');
const { Tally } = require('../support/tally');

const TEST_LIMIT_MS = 60_000;

/** @param suites  { suite: { behaviour: async (sandbox) => {} } } */
async function run(suites, program) {
  const sandbox = await Sandbox.start(program);
  divert(sandbox.port);
  const tally = new Tally();
  for (const [suite, tests] of Object.entries(suites))
    for (const [behaviour, test] of Object.entries(tests))
      await tally.run(`${suite}: ${behaviour}`, TEST_LIMIT_MS, async () => {
        await sandbox.reset();
        await test(sandbox);
      });
  await tally.run('the sandbox ends cleanly when told to', TEST_LIMIT_MS, async () => {
    const end = await sandbox.stop();
    if (end.code !== 0) throw new Error(`it ended with ${JSON.stringify(end)}`);
  });
  return tally;
}

module.exports = { run };
