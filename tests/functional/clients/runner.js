'use strict';
// The smallest runner that counts: tests run one after the other, each from a sandbox that was reset, each with a limit.
// (node --test prints its counts differently from one Node version to the next.)

const { divert } = require('./wire');
const { Sandbox } = require('./sandbox');

const TEST_LIMIT_MS = 60_000;

function limited(work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${TEST_LIMIT_MS} ms`)), TEST_LIMIT_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** @param suites  { suite: { behaviour: async (sandbox) => {} } } */
async function run(suites, program) {
  const sandbox = await Sandbox.start(program);
  divert(sandbox.port);
  let passed = 0, failed = 0;
  const settle = async (name, work) => {
    const since = Date.now();
    try {
      await limited(work());
      passed += 1;
      console.log(`ok    ${name} (${Date.now() - since} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}\n      ${error && error.stack ? error.stack : JSON.stringify(error)}`);
    }
  };
  for (const [suite, tests] of Object.entries(suites))
    for (const [behaviour, test] of Object.entries(tests))
      await settle(`${suite}: ${behaviour}`, async () => {
        await sandbox.reset();
        await test(sandbox);
      });
  await settle('the sandbox ends cleanly when told to', async () => {
    const end = await sandbox.stop();
    if (end.code !== 0) throw new Error(`it ended with ${JSON.stringify(end)}`);
  });
  return { passed, failed };
}

module.exports = { run };
