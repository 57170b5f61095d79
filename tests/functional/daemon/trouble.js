'use strict';
// Providers that refuse, lose a consent, or go away.

const assert = require('node:assert');
const { contact, document, item, month, assertTiedOut } = require('./records');
const { sleep, until } = require('./world');

/** Something that a connector whose lists are older cannot foresee: the provider has closed a period. */
const CLOSE_PERIOD = {
  xero: (connection, day) => ({ tenants: { [connection.tenant_id]: { period_lock_date: day } } }),
  qbo: (connection, day) => ({ companies: { [connection.tenant_id]: { book_close_date: day } } }),
};
const CLOSED_WORDS = { xero: /period lock date/i, qbo: /account period closed/i };
const PUT_RIGHT = {
  // The caller sends a better record: that alone un-parks it.
  'a new version': async (world, connection) => {
    const body = document({ number: 'B-7', contact: 'B-C', item: 'B-I', amount: 107, date: '2026-01-20' });
    await world.put(connection.id, { kind: 'invoice', id: 'B-7', body });
    return world.done(await world.sync(connection.id));
  },
  // The books are opened again, and the same record is replayed.
  'a replay': async (world, connection) => {
    await world.sandbox.configure(connection.provider, CLOSE_PERIOD[connection.provider](connection, null));
    const replay = await world.ask(200, 'POST', '/v1/replays', { json: { filter: { connection_id: connection.id } } });
    assert.strictEqual(replay.replay, 1);
    return until('the replayed job', async () =>
      (await world.ask(200, 'GET', `/v1/connections/${connection.id}/records/invoice/B-7`)).state === 'applied');
  },
};

/** One of fifty that the provider refuses, the preview of its replay, and its cure. */
async function oneOfFifty(world, provider, cure) {
  const connection = await world.connect(provider);
  await world.sandbox.configure(provider, CLOSE_PERIOD[provider](connection, '2019-12-31'));
  const records = [{ kind: 'contact', id: 'B-C', body: contact('Customer B') }, { kind: 'item', id: 'B-I', body: item('B-I') }];
  const source = { documents: new Map(), total: 0 };
  for (let i = 0; i < 50; ++i) {
    const amount = 100 + i;
    const body = document({ number: `B-${i}`, contact: 'B-C', item: 'B-I', amount, date: i === 7 ? '2019-06-30' : '2026-01-15' });
    records.push({ kind: 'invoice', id: `B-${i}`, body });
    source.documents.set(`B-${i}`, amount);
    source.total += amount;
  }
  await world.load(connection.id, records);
  const sync = await world.done(await world.sync(connection.id));
  assert.strictEqual(sync.parked, 1, JSON.stringify(sync));
  assert.strictEqual(sync.counts.applied, 51);  // contact, item and 49 invoices

  const { items } = await world.ask(200, 'GET', `/v1/jobs?connection_id=${connection.id}&state=parked`);
  assert.deepStrictEqual(items.map(({ key }) => key), ['invoice/B-7']);
  assert.match(items[0].detail, CLOSED_WORDS[provider]);
  assert.match(items[0].cause, /^period_(locked|closed)$/);
  assert.match(items[0].why, /a person must look/);
  assert.notStrictEqual(items[0].advice, '');
  assert.strictEqual((await world.sandbox.ledger(provider)).tenants.find(({ id }) => id === connection.tenant_id).documents.length, 49);

  const filter = { connection_id: connection.id };
  const preview = await world.ask(200, 'POST', '/v1/replays', { json: { filter, dry_run: true } });
  assert.deepStrictEqual([preview.matched, preview.replay, preview.by_cause], [1, 1, { [items[0].cause]: 1 }]);
  const shown = await world.cli(['replay', '--all', '--dry-run']);
  assert.strictEqual(shown.code, 0, shown.err);
  assert.match(shown.out, /1/);
  assert.strictEqual((await world.ask(200, 'GET', `/v1/jobs/${items[0].id}`)).state, 'parked', 'a preview changes nothing');

  const nowhere = await world.cli(['jobs', 'resolve', String(items[0].id), '--note', 'wrong', '--provider-id', '00000000-0000-4000-8000-000000000000']);
  assert.strictEqual(nowhere.code, 2, nowhere.err);
  assert.match(nowhere.err, /no live Invoices? of that id|Invalid ID/);
  assert.strictEqual((await world.ask(200, 'GET', `/v1/jobs/${items[0].id}`)).state, 'parked', 'what is not there is not believed');

  await PUT_RIGHT[cure](world, connection);
  const record = await world.ask(200, 'GET', `/v1/connections/${connection.id}/records/invoice/B-7`);
  assert.strictEqual(record.state, 'applied');
  const words = record.attempts.map(({ outcome, detail }) => `${outcome}: ${detail}`).join('\n');
  assert.match(words, CLOSED_WORDS[provider]);
  assertTiedOut(await world.sandbox.ledger(provider), connection.tenant_id, source);
}

const tests = {
  'one invoice among fifty that Xero refuses is parked with its words; a new version is applied': (world) =>
    oneOfFifty(world, 'xero', 'a new version'),
  'one invoice among fifty that QuickBooks refuses is parked with its words; a replay is applied': (world) =>
    oneOfFifty(world, 'qbo', 'a replay'),

  'a revoked token stops one lane until consent is given again': async (world) => {
    const xero = await world.connect('xero'), qbo = await world.connect('qbo');
    const source = month(36, 6);
    await world.load(xero.id, source.records);
    await world.load(qbo.id, source.records);
    await world.sandbox.configure('xero', { revoke_tokens: xero.tenant_id });
    const stuck = await world.sync(xero.id), other = await world.sync(qbo.id);

    await until('needs_reauth', async () => (await world.connection(xero.id)).state === 'needs_reauth');
    assert.strictEqual((await world.done(other)).parked, 0);
    assertTiedOut(await world.sandbox.ledger('qbo'), qbo.tenant_id, source);
    const { calls } = await world.sandbox.ledger('xero');
    const paused = await world.connection(xero.id);
    assert.strictEqual(paused.lane.doing, 'needs_reauth');
    assert.notStrictEqual(paused.state_reason || '', '');
    await world.ask(409, 'POST', `/v1/connections/${xero.id}/syncs`);
    await world.put(xero.id, { kind: 'contact', id: 'late', body: contact('Came while paused') });
    await sleep(2_000);
    assert.deepStrictEqual((await world.sandbox.ledger('xero')).calls, calls, 'a lane without consent sends nothing');
    assert.strictEqual((await world.ask(200, 'GET', stuck)).parked, 0, 'no record is to blame');

    const { consent_url: url } = await world.ask(201, 'POST', `/v1/connections/${xero.id}/reconnect`);
    assert.strictEqual((await world.consent(url, 'xero')).status, 200);
    assert.strictEqual((await world.connection(xero.id)).state, 'active');
    assert.strictEqual((await world.done(stuck)).parked, 0);
    assertTiedOut(await world.sandbox.ledger('xero'), xero.tenant_id, source);
  },

  'a consent for another organisation does not reconnect': async (world) => {
    const { id } = await world.connect('qbo');
    await world.sandbox.configure('qbo', { revoke_tokens: '9341452000000001' });
    await world.load(id, month(12, 7).records);
    await world.sync(id);
    await until('needs_reauth', async () => (await world.connection(id)).state === 'needs_reauth');
    const { consent_url: url } = await world.ask(201, 'POST', `/v1/connections/${id}/reconnect`);
    const back = new URL(await world.sandbox.consent(url, { realm: '9341452000000002', decision: 'allow' }));
    world.secrets.add(back.searchParams.get('code'));
    const answer = await world.send('GET', back.pathname + back.search, { key: null });
    assert.strictEqual(answer.status, 409, answer.text);
    assert.strictEqual((await world.connection(id)).state, 'needs_reauth');
  },

  'while the providers are down the intake is open, and then all drains': async (world) => {
    const connections = [await world.connect('xero'), await world.connect('qbo')];
    const source = month(40, 8);
    const half = source.records.length / 2;
    for (const { id } of connections) {
      await world.load(id, source.records.slice(0, half));
      await world.ask(200, 'PATCH', `/v1/connections/${id}`, { json: { posting: 'automatic' } });
    }
    await world.sandbox.faults([{ outage: true }]);
    for (const { id } of connections) await world.sync(id);
    await sleep(1_500);
    for (const record of source.records.slice(half))
      for (const { id } of connections) {
        const since = Date.now();
        assert.strictEqual((await world.put(id, record)).status, 202);
        assert.ok(Date.now() - since < 1_000, `a record took ${Date.now() - since} ms`);
      }
    await until('a lane that waits for its provider', async () => {
      const { lane } = await world.connection(connections[0].id);
      return lane.doing === 'waiting' && lane.waits_for === 'provider';
    });
    await world.sandbox.faults([]);
    for (const { id, provider, tenant_id: tenant } of connections) {
      const { parked, left } = await world.done(await world.sync(id), 150_000);
      assert.deepStrictEqual({ parked, left }, { parked: 0, left: 0 });
      assertTiedOut(await world.sandbox.ledger(provider), tenant, source);
    }
  },
};

module.exports = { name: 'trouble', limitMs: 240_000, tests };
