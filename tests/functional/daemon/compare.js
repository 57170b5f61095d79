'use strict';
// The comparison that the other tests end with must be able to fail.

const assert = require('node:assert');
const { month, assertTiedOut } = require('./records');

function booksOf({ records, documents }) {
  const names = (kind) => records.filter((one) => one.kind === kind).map(({ body }) => JSON.parse(body));
  return {
    provider: 'xero',
    tenants: [{
      id: 't',
      contacts: names('contact'),
      items: names('item'),
      documents: [...documents].map(([number, pence]) => ({
        number, type: pence < 0 ? 'credit_note' : 'invoice', total: (Math.abs(pence) / 100).toFixed(2), status: 'AUTHORISED',
      })),
    }],
    calls: { throttled: 0 },
  };
}

/** What each of these does to the books must be found. */
const SPOILS = {
  'a document is missing': ({ documents }) => documents.pop(),
  'a document is there twice': ({ documents }) => documents.push({ ...documents[3] }),
  'a document is nobody\'s': ({ documents }) => documents.push({ ...documents[3], number: 'X' }),
  'a total is a penny off': ({ documents }) => { documents[0].total = (Number(documents[0].total) + 0.01).toFixed(2); },
  'a total is finer than a penny': ({ documents }) => { documents[0].total += '1'; },
  'an invoice became a credit note': ({ documents }) => {
    const one = documents.find(({ type }) => type === 'invoice');
    one.type = 'credit_note';
  },
  'a document was voided': ({ documents }) => { documents[1].status = 'VOIDED'; },
  'a contact is there twice': ({ contacts }) => contacts.push({ ...contacts[0] }),
  'an item is there twice': ({ items }) => items.push({ ...items[0] }),
  'a call was refused for its pace': (_, { calls }) => { calls.throttled = 1; },
};

const tests = {
  'equal books pass, and each difference is found': async () => {
    const source = month(60, 1);
    assertTiedOut(booksOf(source), 't', source);
    for (const [what, spoil] of Object.entries(SPOILS)) {
      const books = booksOf(source);
      spoil(books.tenants[0], books);
      assert.throws(() => assertTiedOut(books, 't', source), what);
    }
    assert.throws(() => assertTiedOut(booksOf(source), 'another', source));
  },

  'a month is the same for the same seed, with invoices, credit notes and what they name': async () => {
    assert.deepStrictEqual(month(60, 5), month(60, 5));
    assert.notDeepStrictEqual(month(60, 5).documents, month(60, 6).documents);
    const { records, documents } = month(60, 5);
    assert.strictEqual(records.length, 60);
    assert.deepStrictEqual(new Set(records.map(({ kind }) => kind)), new Set(['invoice', 'credit_note', 'contact', 'item']));
    assert.ok(documents.size > 40);
    for (const { body } of records) JSON.parse(body);
  },
};

module.exports = { name: 'compare', limitMs: 10_000, plain: true, tests };
