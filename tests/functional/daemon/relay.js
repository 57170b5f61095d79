'use strict';
// Records from a payment database: a real PostgreSQL that the relay reads, leaves and comes back to.

const assert = require('node:assert');
const path = require('node:path');
const { Postgres } = require('../support/postgres');
const { month, assertTiedOut } = require('./records');
const { until } = require('./world');

const OUTBOX = path.join(__dirname, '../../../deploy/outbox');

/** A daemon that reads a payment database, and a connection to Xero. */
async function paying(world, test) {
  const pay = await Postgres.start();
  try {
    pay.file(path.join(OUTBOX, 'postgres.sql'));
    pay.file(path.join(OUTBOX, 'postgres-role.sql'));
    await world.daemon.stop();
    world.configure({ relay: { conninfo: pay.conninfo } });
    await world.startDaemon();
    const connection = await world.connect('xero');
    await test(pay, connection);
  } finally {
    await pay.remove();
  }
}

const stands = (world) => world.ask(200, 'GET', '/v1/relay');
const accepted = (world, count) => until(`${count} accepted`, async () => (await stands(world)).counts.accepted === count, 60_000, 20);

const tests = {
  'what is paid reaches the books, once': (world) => paying(world, async (pay, { id, tenant_id: tenant }) => {
    const source = month(12, 3);
    for (const record of source.records) pay.put(id, record);
    pay.put(id, { kind: 'invoice', id: 'no-invoice', body: '{"contact":"C"}' });
    await accepted(world, source.records.length);
    await until('the refusal', async () => (await stands(world)).counts.refused === 1);
    const { items } = await world.ask(200, 'GET', '/v1/relay/refusals');
    assert.strictEqual(items.length, 1);
    assert.strictEqual(items[0].external_id, 'no-invoice');
    const listed = await world.cli(['relay', 'refused']);
    assert.match(listed.out, /invoice\/no-invoice .*missing/);
    await world.done(await world.sync(id));
    assertTiedOut(await world.sandbox.ledger('xero'), tenant, source);
    const metrics = await world.send('GET', '/metrics');
    assert.match(metrics.text, new RegExp(`^spillway_relay_rows_total\\{outcome="accepted"\\} ${source.records.length}$`, 'm'));
    assert.match(metrics.text, /^spillway_relay_lag_seconds [0-9.]+$/m);
    for (const line of metrics.text.split('\n')) assert.match(line, /^$|^# |^[a-z_]+(\{.*\})? -?[0-9.]+$/);
  }),

  'released it is gone within a second, over a restart too, and resumes': (world) => paying(world, async (pay, { id }) => {
    pay.put(id, { kind: 'contact', id: 'C-1', body: '{"name":"One","customer":true}' });
    await accepted(world, 1);
    const since = Date.now();
    assert.strictEqual((await world.ask(200, 'POST', '/v1/relay/release')).state, 'released');
    assert.ok(Date.now() - since < 1_000, `${Date.now() - since} ms`);
    await until('no session', () => pay.sessions() === 0, 10_000, 10);
    const again = await world.cli(['relay', 'release']);
    assert.strictEqual(again.code, 0, again.err);
    assert.match(again.out, /^relay: released/);
    pay.put(id, { kind: 'contact', id: 'C-2', body: '{"name":"Two","customer":true}' });
    await world.daemon.kill();
    await world.startDaemon();
    assert.strictEqual((await stands(world)).state, 'released');
    assert.strictEqual(pay.sessions(), 0);
    const resumed = await world.cli(['relay', 'resume']);
    assert.strictEqual(resumed.code, 0, resumed.err);
    await accepted(world, 1);  // since the start: the second one, and not the first again
    await world.ask(200, 'GET', `/v1/connections/${id}/records/contact/C-2`);
    assert.strictEqual((await stands(world)).counts.duplicate, 0);
  }),

  'a smart shutdown of the database takes five seconds at most, and records flow when it is back': (world) => paying(world, async (pay, { id }) => {
    pay.put(id, { kind: 'contact', id: 'C-1', body: '{"name":"One","customer":true}' });
    await accepted(world, 1);
    await until('a session', () => pay.sessions() === 1, 10_000, 10);
    const since = Date.now();
    await pay.down('SIGTERM');
    assert.ok(Date.now() - since < 6_000, `${Date.now() - since} ms, the database's own checkpoint included`);
    const waiting = await until('a relay that waits', async () => {
      const seen = await stands(world);
      return seen.state === 'waiting' && seen;
    });
    assert.strictEqual(waiting.waits_for, 'payment_db_down');
    // Intake by the API does not notice.
    await world.put(id, { kind: 'contact', id: 'C-9', body: '{"name":"Nine","customer":true}' });
    await pay.up();
    pay.put(id, { kind: 'contact', id: 'C-2', body: '{"name":"Two","customer":true}' });
    await accepted(world, 2);
  }),

  'killed in the middle of a backlog it takes in every row once': (world) => paying(world, async (pay, { id }) => {
    const ROWS = 4_000;
    pay.sql(`INSERT INTO spillway_outbox (connection, kind, external_id, body) SELECT '${id}', 'contact', 'K-' || n,
      json_build_object('name', 'K ' || n, 'customer', true) FROM generate_series(1, ${ROWS}) n`);
    let duplicates = 0;
    for (let life = 0; life < 2; ++life) {
      await until('some rows', async () => (await stands(world)).counts.accepted > 0, 60_000, 5);
      duplicates += (await stands(world)).counts.duplicate;
      await world.daemon.kill();
      await world.startDaemon();
    }
    await until('the end of the backlog', async () => {
      const seen = await stands(world);
      return seen.state === 'idle' && seen.rows_listed === 0 && seen.database;
    });
    duplicates += (await stands(world)).counts.duplicate;
    assert.strictEqual(duplicates, 0, 'the cursor moves with the rows');
    const { counts } = await world.connection(id);
    assert.strictEqual(counts.blocked, ROWS);
  }),
};

module.exports = { name: 'relay', limitMs: 240_000, tests };
