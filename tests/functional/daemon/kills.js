'use strict';
// The process dies in the middle of its work, or the provider's answers do. The books hold each document once all the same.

const assert = require('node:assert');
const { contact, month, numbers, assertTiedOut } = require('./records');
const { sleep } = require('./world');

const seed = Number(process.env.SPILLWAY_SEED) || (Date.now() & 0x7fffffff);

async function connectBoth(world) {
  return { xero: await world.connect('xero'), qbo: await world.connect('qbo') };
}

const tests = {
  // A started daemon counts every limit as used for a minute, and looks up what was in flight after the provider's quiet time
  // (60 s, 150 s): so this takes minutes, both providers at once.
  'kill -9 three times in the middle of a month ends in exact books': async (world) => {
    console.log(`      kill -9: SPILLWAY_SEED=${seed}`);
    const random = numbers(seed);
    const connections = Object.values(await connectBoth(world));
    const source = month(60, seed);
    await world.sandbox.faults([{ match: 'write', latency_ms: [200, 1200], latency_after_ms: [200, 1200] }]);
    for (let kill = 0; kill < 3; ++kill) {
      // Every third record comes before each kill: all at once can be in the books before the last one.
      const part = source.records.filter((_, place) => place % 3 === kill);
      for (const { id } of connections) {
        await world.load(id, part);
        await world.sync(id);
      }
      // Whichever lane sends first; at a random moment of its call.
      await Promise.any(connections.map(({ id }) => world.sending(id, 200_000)));
      await sleep(random(2_000));
      assert.strictEqual((await world.daemon.kill()).signal, 'SIGKILL');
      await world.startDaemon();
    }
    // An earlier sync may be done before: what waited for records of a later part was stuck then.
    for (const { id } of connections) {
      const { parked, left } = await world.done(await world.sync(id), 420_000);
      assert.deepStrictEqual({ parked, left }, { parked: 0, left: 0 });
    }
    for (const { provider, tenant_id: tenant } of connections) assertTiedOut(await world.sandbox.ledger(provider), tenant, source);
  },

  'answers lost on a fifth of the writes leave no duplicate': async (world) => {
    const connections = Object.values(await connectBoth(world));
    // Sent as they come, in many small calls, so that a fifth is many; and one for certain.
    for (const { id } of connections) await world.ask(200, 'PATCH', `/v1/connections/${id}`, { json: { posting: 'automatic' } });
    await world.sandbox.faults(connections.flatMap(({ provider }) => [
      { name: 'fifth', provider, match: 'write', answer_lost: 0.2 },
      { name: 'sure', provider, match: 'write', answer_lost: 1, times: 1 },
    ]));
    const source = month(60, seed, 'L');
    for (const record of source.records) {
      for (const { id } of connections) await world.put(id, record);
      await sleep(150);
    }
    for (const { id } of connections) await world.done(await world.sync(id), 240_000);
    const { rules } = await world.sandbox.control('GET', '/faults');
    for (const { provider, tenant_id: tenant } of connections) {
      const lost = rules.filter((rule) => rule.provider === provider).reduce((sum, rule) => sum + rule.fired, 0);
      assert.ok(lost >= 2, `only ${lost} answers of ${provider} were lost`);
      assertTiedOut(await world.sandbox.ledger(provider), tenant, source);
    }
  },

  'what was acknowledged before a kill -9 is there after it': async (world) => {
    const random = numbers(seed);
    const { id } = await world.connect('qbo');
    const acknowledged = [];
    let next = 0;
    for (let kill = 0; kill < 3; ++kill) {
      let killed = false;
      const writer = async () => {
        while (!killed) {
          const name = `K-${next++}`;
          const path = `/v1/connections/${id}/records/contact/${name}`;
          const status = await world.send('PUT', path, { body: contact(name) }).then((answer) => answer.status, () => 0);
          if (status === 202) acknowledged.push(name);
        }
      };
      const before = acknowledged.length;
      const writers = Array.from({ length: 8 }, writer);
      await sleep(200 + random(800));
      const end = world.daemon.kill();
      killed = true;
      await Promise.all([end, ...writers]);
      assert.ok(acknowledged.length > before);
      await world.startDaemon();
    }
    for (const name of acknowledged) {
      const { record } = await world.ask(200, 'GET', `/v1/connections/${id}/records/contact/${name}`);
      assert.strictEqual(record.name, name);
    }
    const { total } = await world.ask(202, 'POST', `/v1/connections/${id}/syncs`);
    assert.ok(total >= acknowledged.length, `${total} jobs for ${acknowledged.length} records`);
  },
};

module.exports = { name: 'kills', limitMs: 520_000, tests };
