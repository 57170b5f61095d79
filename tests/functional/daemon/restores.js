'use strict';
// A database that is older than the books: the daemon notices by itself, and what is submitted again is not there twice.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { month, assertTiedOut } = require('./records');

const isDatabase = (name) => name.startsWith('spillway.db');

/** The database as it is now, to be put back later. The daemon must not run. */
function copyOf(state) {
  const files = fs.readdirSync(state).filter(isDatabase).map((name) => [name, fs.readFileSync(path.join(state, name))]);
  return () => {
    for (const name of fs.readdirSync(state).filter(isDatabase)) fs.rmSync(path.join(state, name));
    for (const [name, content] of files) fs.writeFileSync(path.join(state, name), content, { mode: 0o600 });
  };
}

const payment = (contact, invoice, amount) => JSON.stringify({
  contact, amount, date: '2026-01-31', currency: 'GBP', applies_to: [{ invoice, amount }],
});

const tests = {
  'a restored database is noticed, named in events, and doubles nothing': async (world) => {
    const connection = await world.connect('xero');
    const before = month(12, 3, 'A');
    await world.load(connection.id, before.records);
    await world.done(await world.sync(connection.id));
    const { generation } = await world.ask(200, 'GET', '/v1/events');
    await world.daemon.stop();
    const putBack = copyOf(world.state);

    await world.startDaemon();
    const after = month(12, 4, 'B');
    const [invoice] = [...after.documents].find(([number, pence]) => pence > 100);
    const { contact } = JSON.parse(after.records.find(({ id }) => id === invoice).body);
    const later = [...after.records, { kind: 'payment', id: 'PAY', body: payment(contact, invoice, '1.00') }];
    await world.load(connection.id, later);
    await world.done(await world.sync(connection.id), 150_000);
    await world.daemon.stop();

    putBack();
    await world.startDaemon();
    const ready = JSON.parse((await world.send('GET', '/readyz', { key: null })).text);
    assert.strictEqual(ready.doubt.why, 'store_replaced', JSON.stringify(ready));
    assert.notStrictEqual((await world.ask(200, 'GET', '/v1/events')).generation, generation);
    assert.match(world.log, /"event":"store_replaced"/);

    await world.load(connection.id, later);
    const again = await world.done(await world.sync(connection.id), 240_000);
    assert.deepStrictEqual([again.parked, again.counts.applied], [0, later.length], JSON.stringify(again));
    const documents = new Map([...before.documents, ...after.documents]);
    const ledger = await world.sandbox.ledger('xero');
    assertTiedOut(ledger, connection.tenant_id, { documents, total: before.total + after.total });
    const { payments } = ledger.tenants.find(({ id }) => id === connection.tenant_id);
    assert.strictEqual(payments.length, 1, 'nothing but our look keeps a payment from being made twice');
  },
};

module.exports = { name: 'restores', limitMs: 500_000, tests };
