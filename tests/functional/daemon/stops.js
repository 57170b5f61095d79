'use strict';
// A stop that is asked for: within five seconds whatever is in work, and nothing is lost by it.

const assert = require('node:assert');
const { month, assertTiedOut } = require('./records');
const { request } = require('../support/http');
const { sleep, until } = require('./world');

const STOP_LIMIT_MS = 5_000;

/** A request whose body never comes. */
function halfRequest(port, key) {
  const asked = request({
    hostname: '127.0.0.1', port, method: 'POST', path: '/v1/partners', agent: false,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Content-Length': 1000 },
  });
  const ended = new Promise((resolve) => {
    asked.on('error', resolve);
    asked.on('response', (answer) => { answer.resume(); resolve(); });
  });
  asked.write('{');
  return ended;
}

async function stopWithin(world, limitMs) {
  const since = Date.now();
  const end = await world.daemon.stop(limitMs + 10_000);
  const took = Date.now() - since;
  assert.deepStrictEqual(end, { code: 0, signal: null });
  assert.ok(took <= limitMs, `the stop took ${took} ms`);
}

const tests = {
  'SIGTERM with requests, a stream and slow calls in flight ends within five seconds; a start goes on': async (world) => {
    const connections = [await world.connect('xero'), await world.connect('qbo')];
    const source = month(24, 3);
    await world.sandbox.faults([{ match: 'write', latency_ms: 30_000 }]);
    for (const { id } of connections) await world.load(id, source.records);
    const syncs = [];
    for (const { id } of connections) syncs.push(await world.sync(id));
    for (const { id } of connections) await world.sending(id, 60_000);
    const stream = world.watch(`${syncs[0]}/events`);
    await until('an event', () => stream.events.length > 0);
    const half = halfRequest(world.port, world.adminKey);
    await sleep(100);
    const plain = Array.from({ length: 40 }, () => world.send('GET', '/v1/jobs?limit=100').then(({ status }) => status, () => 'refused'));

    await stopWithin(world, STOP_LIMIT_MS);
    await half;
    const statuses = new Set(await Promise.all(plain));
    for (const status of statuses) assert.ok(status === 200 || status === 'refused' || status === 503, `a request met ${status}`);
    assert.notStrictEqual(await stream.ended, 'refused');
    assert.ok(!stream.events.some(({ event }) => event === 'done'));

    await world.sandbox.faults([]);
    await world.startDaemon();
    for (const sync of syncs) {
      const { parked, left } = await world.done(sync, 330_000);
      assert.deepStrictEqual({ parked, left }, { parked: 0, left: 0 });
    }
    for (const { provider, tenant_id: tenant } of connections) assertTiedOut(await world.sandbox.ledger(provider), tenant, source);
  },

  'SIGTERM of an idle daemon is quick, and another start finds everything': async (world) => {
    const { id } = await world.connect('xero');
    await world.load(id, month(12, 4).records);
    const before = await world.ask(200, 'GET', `/v1/connections/${id}/records`);
    await stopWithin(world, 2_000);
    await world.startDaemon();
    assert.deepStrictEqual(await world.ask(200, 'GET', `/v1/connections/${id}/records`), before);
    assert.strictEqual((await world.connection(id)).state, 'active');
  },

  'a second signal ends it at once': async (world) => {
    const { id } = await world.connect('xero');
    await world.sandbox.faults([{ match: 'write', latency_ms: 30_000 }]);
    await world.load(id, month(12, 5).records);
    await world.sync(id);
    await world.sending(id, 60_000);
    const half = halfRequest(world.port, world.adminKey);  // holds the stop up for certain; a call may not have left yet
    await world.send('GET', '/healthz');
    world.daemon.child.kill('SIGTERM');
    await until('the stop to begin', () => world.log.includes('stopping'));
    world.daemon.child.kill('SIGTERM');
    const end = await world.daemon.ended;
    assert.deepStrictEqual(end, { code: 128 + 15, signal: null });
    await half;
    await world.startDaemon();
    assert.strictEqual((await world.connection(id)).state, 'active');
  },
};

module.exports = { name: 'stops', limitMs: 400_000, tests };
