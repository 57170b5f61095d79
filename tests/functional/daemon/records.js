'use strict';
// Made-up records, and the comparison of what was submitted with what the books hold. Amounts are counted in pence.

const assert = require('node:assert');

/** Numbers from 0 up to `below`, the same for the same seed. */
function numbers(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pounds = (pence) => `${Math.trunc(pence / 100)}.${String(pence % 100).padStart(2, '0')}`;

function pence(text) {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  assert.match(part, /^\d{0,2}0*$/, `${text} is finer than a penny`);
  return (sign ? -1 : 1) * (Number(whole) * 100 + Number(part.padEnd(2, '0').slice(0, 2)));
}

const contact = (name) => JSON.stringify({ name, customer: true });
const item = (code) => JSON.stringify({ code, name: `Item ${code}` });

/** Amounts are written as text, so that no float ever holds one. */
function document({ number, contact: of, item: sold, amount, date = '2026-01-15' }) {
  const line = `{"description":"Goods of ${number}","item":"${sold}","quantity":1,"unit_price":${pounds(amount)}}`;
  return `{"contact":"${of}","number":"${number}","date":"${date}","currency":"GBP","amounts":"none","lines":[${line}],"total":${pounds(amount)}}`;
}

/**
 * A month of `count` records: contacts, items, and documents that name them; a sixth of these are credit notes.
 * @return { records: [{ kind, id, body }], documents: Map of number to pence (credit notes below zero), total }
 */
function month(count, seed, prefix = 'M') {
  const random = numbers(seed);
  const records = [];
  const documents = new Map();
  const contacts = Math.max(1, Math.trunc(count / 10)), items = Math.max(1, Math.trunc(count / 12));
  let total = 0;
  for (let i = 0; i < count - contacts - items; ++i) {
    const number = `${prefix}-${i}`;
    const amount = 1 + random(900_000);
    const credit = random(6) === 0;
    records.push({
      kind: credit ? 'credit_note' : 'invoice',
      id: number,
      body: document({ number, contact: `${prefix}-C${random(contacts)}`, item: `${prefix}-I${random(items)}`, amount }),
    });
    documents.set(number, credit ? -amount : amount);
    total += credit ? -amount : amount;
  }
  // After the documents that name them: their order must not matter.
  for (let i = 0; i < contacts; ++i) records.push({ kind: 'contact', id: `${prefix}-C${i}`, body: contact(`Customer ${prefix} ${i}`) });
  for (let i = 0; i < items; ++i) records.push({ kind: 'item', id: `${prefix}-I${i}`, body: item(`${prefix}-I${i}`) });
  return { records, documents, total };
}

/** The books of one tenant hold each document once, with its total, and nothing else; no call was refused for its pace. */
function assertTiedOut(ledger, tenantId, { documents, total }) {
  const books = ledger.tenants.find((tenant) => tenant.id === tenantId);
  assert.ok(books, `no tenant ${tenantId}`);
  const seen = new Map();
  let sum = 0;
  for (const one of books.documents) {
    if (/^(voided|deleted)$/i.test(one.status)) continue;
    seen.set(one.number, (seen.get(one.number) || 0) + 1);
    const amount = Math.abs(pence(one.total)) * (one.type === 'credit_note' ? -1 : 1);
    assert.strictEqual(amount, documents.get(one.number), `${ledger.provider}: total of ${one.number}`);
    sum += amount;
  }
  const missing = [...documents.keys()].filter((number) => !seen.has(number));
  const twice = [...seen].filter(([, times]) => times > 1).map(([number]) => number);
  assert.deepStrictEqual({ missing, twice }, { missing: [], twice: [] }, ledger.provider);
  assert.strictEqual(sum, total, `${ledger.provider}: total of all documents`);
  for (const [what, names] of [['contact', books.contacts.map((one) => one.name)], ['item', books.items.map((one) => one.code || one.name)]])
    assert.strictEqual(new Set(names).size, names.length, `${ledger.provider}: a ${what} twice in ${names}`);
  assert.strictEqual(ledger.calls.throttled, 0, `${ledger.provider}: a limit was found out by a 429`);
}

module.exports = { numbers, contact, item, document, month, assertTiedOut };
