'use strict';
// Each test has a world of its own, so they run side by side: most of their time is waiting for limits and quiet times.

const { Tally } = require('../support/tally');
const { World } = require('./world');

const AT_ONCE = 10;
const [bin, word = ''] = process.argv.slice(2);

// The longest first.
const suites = [require('./kills'), require('./restores'), require('./stops'), require('./repair'), require('./trouble'), require('./talk'), require('./relay'), require('./starts'), require('./compare')];
const tests = suites.flatMap(({ name: suite, limitMs, tests: all, plain }) =>
  Object.entries(all).map(([name, test]) => ({ name: `${suite}: ${name}`, limitMs, test, plain })));

async function runOne(tally, { name, limitMs, test, plain }) {
  let world;
  const note = () => (world ? `\n      ${world.log.trimEnd().split('\n').slice(-12).join('\n      ')}\n      in ${world.directory}` : '');
  const failures = tally.failed;
  await tally.run(name, limitMs, async () => {
    if (plain) return test(bin);
    world = await World.start(bin);
    await test(world);
    await world.close();
  }, note);
  if (!world) return;
  if (tally.failed === failures) world.remove();
  else await world.close().catch(() => {});
}

async function main() {
  const tally = new Tally();
  const waiting = tests.filter((test) => test.name.includes(word));
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await runOne(tally, next);
  }));
  tally.close();
}

main().catch((error) => {
  console.log(error.stack);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
});
