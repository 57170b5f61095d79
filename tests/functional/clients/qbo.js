'use strict';
// What an application that uses intuit-oauth and node-quickbooks sees. Sizes and texts: developer.intuit.com, limits,
// batch and error pages.

const assert = require('node:assert/strict');
const OAuthClient = require('intuit-oauth');
const QuickBooks = require('node-quickbooks');

const REDIRECT = 'http://localhost/callback';
const UK = '9341452000000001';
const ID = 'sandbox-qbo-client';
const SECRET = 'sandbox-qbo-secret';
const MINOR_VERSION = 75;

function client() {
  return new OAuthClient({ clientId: ID, clientSecret: SECRET, environment: 'sandbox', redirectUri: REDIRECT });
}

/** Consents for a company as its user would. @return { oauth, books } */
async function connected(sandbox, realm = UK) {
  const oauth = client();
  const url = oauth.authorizeUri({ scope: [OAuthClient.scopes.Accounting], state: 'of-this-test' });
  const back = await sandbox.consent(url, { realm, decision: 'allow' });
  await oauth.createToken(back);
  return { oauth, books: books(tokenOf(oauth)) };
}

/** What the client holds now; its own object changes with every refresh. */
const tokenOf = (oauth) => ({ ...oauth.getToken() });

/** node-quickbooks with promises: its callbacks give (error, body, response). */
function books(token) {
  const quickbooks = new QuickBooks(ID, SECRET, token.access_token, false, token.realmId, true, false, MINOR_VERSION, '2.0',
    token.refresh_token);
  return new Proxy(quickbooks, {
    get: (target, name) => (...all) => new Promise((resolve, reject) => {
      target[name](...all, (error, body) => (error ? reject(error) : resolve(body)));
    }),
  });
}

/** @return { status, headers, body } of a refused call */
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error.response, `an answer: ${error.stack || JSON.stringify(error)}`);
    return { status: error.response.status, headers: error.response.headers, body: error.response.data };
  }
  return assert.fail('the call should have been refused');
}

const fault = (answer) => answer.body.Fault.Error[0];

const line = (amount, item) => ({
  Amount: amount, DetailType: 'SalesItemLineDetail', SalesItemLineDetail: { ItemRef: { value: item }, TaxCodeRef: { value: '1' } },
});

/** A customer and an item to write invoices with. */
async function ground(qbo) {
  const customer = await qbo.createCustomer({ DisplayName: 'Harbour Lights Ltd' });
  const item = await qbo.createItem({ Name: 'Widget', Type: 'Service', IncomeAccountRef: { value: '1' } });
  return { customer: customer.Id, item: item.Id };
}

const invoice = ({ customer, item }, number, amount = 100) => ({
  DocNumber: number, TxnDate: '2026-09-30', CustomerRef: { value: customer }, GlobalTaxCalculation: 'TaxExcluded', Line: [line(amount, item)],
});

const documents = async (sandbox) =>
  (await sandbox.ledger('qbo')).tenants.find((one) => one.id === UK).documents;

module.exports = {
  async 'connects through the consent page'(sandbox) {
    const { oauth } = await connected(sandbox);
    const token = oauth.getToken();
    assert.equal(token.realmId, UK);
    assert.equal(token.state, 'of-this-test');
    assert.equal(token.token_type, 'bearer');
    assert.equal(token.expires_in, 3600);
    assert.ok(oauth.isAccessTokenValid());
  },

  async 'learns that the user refused'(sandbox) {
    const url = client().authorizeUri({ scope: [OAuthClient.scopes.Accounting], state: 's' });
    const back = new URL(await sandbox.consent(url, { realm: UK, decision: 'deny' }));
    assert.equal(back.searchParams.get('error'), 'access_denied');
    assert.equal(back.searchParams.get('state'), 's');
  },

  async 'creates a customer, an item and an invoice, and reads them again'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const made = await ground(qbo);
    const { Id } = await qbo.createInvoice(invoice(made, 'INV-0001', 59.97));
    const read = await qbo.getInvoice(Id);
    assert.equal(read.DocNumber, 'INV-0001');
    assert.equal(read.CustomerRef.value, made.customer);
    assert.equal(read.SyncToken, '0');
    // 20 % of 59.97 is 11.994, to the penny 11.99.
    assert.deepEqual([read.TxnTaxDetail.TotalTax, read.TotalAmt, read.Balance], [11.99, 71.96, 71.96]);
    const found = await qbo.findInvoices({ DocNumber: 'INV-0001' });
    assert.deepEqual(found.QueryResponse.Invoice.map((one) => one.Id), [Id]);
    assert.equal((await qbo.getCompanyInfo(UK)).Country, 'GB');
  },

  async 'is refused with 5010 when its SyncToken is old, and goes on with the new one'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const first = await qbo.createCustomer({ DisplayName: 'Harbour Lights Ltd' });
    const second = await qbo.updateCustomer({ Id: first.Id, SyncToken: first.SyncToken, CompanyName: 'Harbour' });
    assert.equal(second.SyncToken, '1');
    const answer = await refusal(qbo.updateCustomer({ Id: first.Id, SyncToken: first.SyncToken, CompanyName: 'Late' }));
    assert.equal(answer.status, 400);
    assert.equal(fault(answer).code, '5010');
    const read = await qbo.getCustomer(first.Id);
    assert.equal(read.CompanyName, 'Harbour');
    const third = await qbo.updateCustomer({ Id: read.Id, SyncToken: read.SyncToken, CompanyName: 'Lights' });
    assert.deepEqual([third.CompanyName, third.SyncToken], ['Lights', '2']);
  },

  async 'keeps the good elements of a batch with an invalid one'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const made = await ground(qbo);
    const item = (bId, Invoice) => ({ bId, operation: 'create', Invoice });
    const { BatchItemResponse: answers } = await qbo.batch([
      item('a', invoice(made, 'INV-0010')),
      item('b', invoice({ ...made, customer: '999999' }, 'INV-0011')),
      item('c', invoice(made, 'INV-0012')),
      { bId: 'd', Query: "select * from Customer where DisplayName = 'Harbour Lights Ltd'" },
    ]);
    const by = Object.fromEntries(answers.map((one) => [one.bId, one]));
    assert.equal(by.a.Invoice.DocNumber, 'INV-0010');
    assert.ok(by.b.Fault.Error[0].code && !by.b.Invoice);
    assert.equal(by.c.Invoice.DocNumber, 'INV-0012');
    assert.equal(by.d.QueryResponse.Customer[0].Id, made.customer);
    assert.deepEqual((await documents(sandbox)).map((one) => one.number), ['INV-0010', 'INV-0012']);
  },

  async 'is told that a number is taken'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const made = await ground(qbo);
    await qbo.createInvoice(invoice(made, 'INV-0020'));
    const answer = await refusal(qbo.createInvoice(invoice(made, 'INV-0020')));
    assert.equal(answer.status, 400);
    assert.equal(fault(answer).code, '6140');
  },

  async 'gets the first answer again for a repeated request id'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const made = await ground(qbo);
    const create = () => qbo.createInvoice({ ...invoice(made, 'INV-0030'), requestId: 'request-30' });
    const first = await create();
    assert.equal((await create()).Id, first.Id);
    assert.equal((await documents(sandbox)).length, 1);
  },

  async 'repeats a create whose answer was lost, and there is one invoice'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const made = await ground(qbo);
    const create = () => qbo.createInvoice({ ...invoice(made, 'INV-0031'), requestId: 'request-31' });
    await sandbox.under([{ provider: 'qbo', match: 'write', answer_lost: 1, times: 1 }],
      () => assert.rejects(create(), (error) => error.response === undefined && /hang up|ECONNRESET/.test(error.message)));
    const { Id } = await create();
    assert.deepEqual((await documents(sandbox)).map((one) => one.id), [Id]);
  },

  async 'takes a payment for an invoice, and voids another invoice'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const made = await ground(qbo);
    const due = await qbo.createInvoice(invoice(made, 'INV-0040'));
    await qbo.createPayment({
      CustomerRef: { value: made.customer }, TotalAmt: 120, Line: [{ Amount: 120, LinkedTxn: [{ TxnId: due.Id, TxnType: 'Invoice' }] }],
    });
    assert.equal((await qbo.getInvoice(due.Id)).Balance, 0);
    const wrong = await qbo.createInvoice(invoice(made, 'INV-0041'));
    await qbo.voidInvoice({ Id: wrong.Id, SyncToken: wrong.SyncToken });
    const read = await qbo.getInvoice(wrong.Id);
    assert.deepEqual([read.TotalAmt, read.Balance], [0, 0]);
    assert.match(read.PrivateNote, /Voided/);
  },

  async 'refreshes with rotation, after which the old token is dead'(sandbox) {
    await sandbox.configure('qbo', { refresh_rotate_after_seconds: 0 });
    try {
      const { oauth } = await connected(sandbox);
      const old = tokenOf(oauth);
      await oauth.refresh();
      const fresh = tokenOf(oauth);
      assert.notEqual(fresh.refresh_token, old.refresh_token);
      assert.notEqual(fresh.access_token, old.access_token);
      assert.equal((await books({ ...fresh, realmId: UK }).getCompanyInfo(UK)).Country, 'GB');
      await assert.rejects(client().refreshUsingToken(old.refresh_token), (error) => error.error === 'invalid_grant');
    } finally {
      await sandbox.configure('qbo', { refresh_rotate_after_seconds: 86_400 });
    }
  },

  async 'keeps its refresh token when it refreshes again the same day'(sandbox) {
    const { oauth } = await connected(sandbox);
    const old = tokenOf(oauth);
    await oauth.refresh();
    assert.notEqual(tokenOf(oauth).access_token, old.access_token);
    assert.equal(tokenOf(oauth).refresh_token, old.refresh_token);
  },

  async 'loses its tokens when its code is used twice'(sandbox) {
    const oauth = client();
    const back = await sandbox.consent(oauth.authorizeUri({ scope: [OAuthClient.scopes.Accounting], state: 's' }), { realm: UK, decision: 'allow' });
    await oauth.createToken(back);
    const token = tokenOf(oauth);
    await assert.rejects(client().createToken(back), (error) => error.error === 'invalid_grant');
    assert.equal((await refusal(books(token).getCompanyInfo(UK))).status, 401);
  },

  async 'is shut out after it revoked its token'(sandbox) {
    const { oauth, books: qbo } = await connected(sandbox);
    await oauth.revoke();
    assert.equal((await refusal(qbo.getCompanyInfo(UK))).status, 401);
  },

  async 'is held to 10 calls a second'(sandbox) {
    const { books: qbo } = await connected(sandbox);
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => qbo.getCompanyInfo(UK)));
    const refused = answers.filter((one) => one.status === 'rejected').map((one) => one.reason.response);
    assert.ok(refused.length > 0, 'of 30 calls at once some are refused');
    assert.ok(answers.length - refused.length >= 10, '10 calls are let through');
    assert.deepEqual(new Set(refused.map((one) => one.status)), new Set([429]));
    assert.match(refused[0].data, /<Fault type="SERVICE"><Error code="3001">.*errorCode=003001; statusCode=429/, 'XML, whatever was asked for');
    assert.equal((await sandbox.ledger('qbo')).calls.throttled, refused.length);
  },

  async 'is held to 40 batches a minute'(sandbox) {
    // Only the minute is looked at here: the limit of the second would need five real seconds of waiting.
    await sandbox.configure('qbo', { requests_per_second: 1000 });
    try {
      const { books: qbo } = await connected(sandbox);
      let refused, good = 0;
      while (!refused && good < 41)
        await qbo.batch([{ bId: '1', Query: 'select * from Term' }]).then(() => { good += 1; }, (error) => { refused = error.response; });
      assert.equal(good, 40);
      assert.equal(refused.status, 429);
      assert.equal((await qbo.getCompanyInfo(UK)).Country, 'GB', 'other calls go on');
    } finally {
      await sandbox.configure('qbo', { requests_per_second: 10 });
    }
  },
};
