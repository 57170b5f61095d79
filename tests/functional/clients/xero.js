'use strict';
// What an application that uses xero-node sees. Sizes and texts: developer.xero.com, OAuth 2.0 and API limits pages, and
// XeroAPI/Xero-OpenAPI's examples.

const assert = require('node:assert/strict');
const { XeroClient, Invoice, CreditNote, LineAmountTypes } = require('xero-node');

const REDIRECT = 'http://localhost/callback';
const SCOPES = ['openid', 'profile', 'email', 'offline_access', 'accounting.invoices', 'accounting.payments',
  'accounting.contacts', 'accounting.settings'];
const UK = 'Demo Company (UK)';
const US = 'Demo Company (US)';
const NO_ID = '00000000-0000-0000-0000-000000000000';

function client(state = 'of-this-test') {
  return new XeroClient({
    clientId: 'sandbox-xero-client', clientSecret: 'sandbox-xero-secret', redirectUris: [REDIRECT], scopes: SCOPES,
    state, httpTimeout: 10_000,
  });
}

/** Consents for an organisation as its user would. @return { xero, api, tenant } */
async function connected(sandbox, organisation = UK, xero = client()) {
  const back = await sandbox.consent(await xero.buildConsentUrl(), { tenant: organisation, decision: 'allow' });
  await xero.apiCallback(back);
  const tenants = await xero.updateTenants(false);
  const tenant = tenants.find((one) => one.tenantName === organisation);
  assert.ok(tenant, `${organisation} is connected`);
  return { xero, api: xero.accountingApi, tenant: tenant.tenantId, connection: tenant.id };
}

/** xero-node rejects with a JSON text: { response: { statusCode, body, headers }, body }. */
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    assert.equal(typeof error, 'string', `an ApiError: ${error && error.stack}`);
    return JSON.parse(error).response;
  }
  return assert.fail('the call should have been refused');
}

const line = (quantity, unitAmount) => ({ description: 'Widgets', quantity, unitAmount, accountCode: '200', taxType: 'OUTPUT2' });

function invoice(contactID, number, lines = [line(3, 19.99)]) {
  return {
    type: Invoice.TypeEnum.ACCREC, contact: { contactID }, invoiceNumber: number, date: '2026-09-30', dueDate: '2026-10-30',
    lineAmountTypes: LineAmountTypes.Exclusive, lineItems: lines, status: Invoice.StatusEnum.AUTHORISED,
  };
}

async function contact({ api, tenant }, name = 'Harbour Lights Ltd') {
  const made = await api.createContacts(tenant, { contacts: [{ name, contactNumber: `C-${name}` }] }, true);
  return made.body.contacts[0].contactID;
}

async function posted(books, number, lines) {
  const contactID = await contact(books);
  const made = await books.api.createInvoices(books.tenant, { invoices: [invoice(contactID, number, lines)] }, true, 4);
  return { contactID, ...made.body.invoices[0] };
}

const documents = async (sandbox, name = UK) =>
  (await sandbox.ledger('xero')).tenants.find((one) => one.name === name).documents;

module.exports = {
  async 'connects through the consent page and gets a verified token'(sandbox) {
    const { xero } = await connected(sandbox);
    const tokens = xero.readTokenSet();
    // openid-client has checked signature, issuer, audience and times of the id token against the published keys.
    assert.equal(tokens.claims().aud, 'sandbox-xero-client');
    assert.ok(tokens.expires_in > 1700 && tokens.expires_in <= 1800, 'access tokens live 30 minutes');
    assert.deepEqual(new Set(tokens.scope.split(' ')), new Set(SCOPES));
    assert.ok(tokens.refresh_token);
  },

  async 'learns that the user refused'(sandbox) {
    const xero = client();
    const back = await sandbox.consent(await xero.buildConsentUrl(), { decision: 'deny' });
    await assert.rejects(xero.apiCallback(back), (error) => error.error === 'access_denied');
  },

  async 'refuses an answer to somebody else\'s consent'(sandbox) {
    const stranger = client('of-a-stranger');
    const back = await sandbox.consent(await stranger.buildConsentUrl(), { tenant: UK, decision: 'allow' });
    await assert.rejects(client().apiCallback(back), /state mismatch/);
  },

  async 'reads the organisation, its accounts and its tax rates'(sandbox) {
    const { api, tenant } = await connected(sandbox);
    const organisation = (await api.getOrganisations(tenant)).body.organisations[0];
    assert.equal(organisation.organisationID, tenant);
    assert.equal(organisation.baseCurrency, 'GBP');
    const sales = (await api.getAccounts(tenant)).body.accounts.find((one) => one.code === '200');
    assert.equal(sales.type, 'REVENUE');
    const rate = (await api.getTaxRates(tenant)).body.taxRates.find((one) => one.taxType === 'OUTPUT2');
    assert.equal(rate.effectiveRate, 20);
  },

  async 'creates a contact, an item and an invoice, and reads them again'(sandbox) {
    const books = await connected(sandbox);
    const { api, tenant } = books;
    const item = { code: 'W-1', name: 'Widget', salesDetails: { unitPrice: 19.99, accountCode: '200', taxType: 'OUTPUT2' } };
    await api.createItems(tenant, { items: [item] }, true, 4);
    const made = await posted(books, 'INV-0001', [{ ...line(3, 19.99), itemCode: 'W-1' }]);

    const read = (await api.getInvoice(tenant, made.invoiceID, 4)).body.invoices[0];
    assert.equal(read.invoiceNumber, 'INV-0001');
    assert.equal(read.contact.contactID, made.contactID);
    // The client makes a Date of "/Date(…+0000)/", which is midnight UTC of the calendar day.
    assert.equal(new Date(read.date).toISOString(), '2026-09-30T00:00:00.000Z');
    assert.equal(read.lineItems[0].itemCode, 'W-1');
    // 3 x 19.99 = 59.97; 20 % of it is 11.994, to the penny 11.99.
    assert.deepEqual([read.subTotal, read.totalTax, read.total, read.amountDue], [59.97, 11.99, 71.96, 71.96]);
    assert.ok(read.updatedDateUTC instanceof Date);

    const found = await api.getInvoices(tenant, undefined, undefined, undefined, undefined, ['INV-0001']);
    assert.deepEqual(found.body.invoices.map((one) => one.invoiceID), [made.invoiceID]);
    assert.deepEqual((await api.getItems(tenant)).body.items.map((one) => one.code), ['W-1']);
  },

  async 'keeps the good elements of a batch with an invalid one'(sandbox) {
    const books = await connected(sandbox);
    const id = await contact(books);
    const invalid = invoice(id, 'INV-0011', [{ ...line(1, 5), accountCode: '99999' }]);
    const batch = { invoices: [invoice(id, 'INV-0010'), invalid, invoice(id, 'INV-0012')] };
    const { body, response } = await books.api.createInvoices(books.tenant, batch, false, 4);

    assert.equal(response.status, 200);
    assert.deepEqual(body.invoices.map((one) => one.statusAttributeString), ['OK', 'ERROR', 'OK']);
    assert.equal(body.invoices[1].invoiceID, NO_ID);
    assert.match(body.invoices[1].validationErrors[0].message, /99999/);
    assert.deepEqual((await documents(sandbox)).map((one) => one.number), ['INV-0010', 'INV-0012']);
  },

  async 'gets a 400 that names the invalid element when errors are summarised'(sandbox) {
    const books = await connected(sandbox);
    const id = await contact(books);
    const batch = { invoices: [invoice(id, 'INV-0020'), invoice(id, 'INV-0021', [{ ...line(1, 5), accountCode: '99999' }])] };
    const answer = await refusal(books.api.createInvoices(books.tenant, batch, true, 4));

    assert.equal(answer.statusCode, 400);
    assert.deepEqual([answer.body.ErrorNumber, answer.body.Type], [10, 'ValidationException']);
    assert.equal(answer.body.Elements[0].InvoiceNumber, 'INV-0021');
    assert.equal((await documents(sandbox)).length, 0);
  },

  async 'is told that a number is taken'(sandbox) {
    const books = await connected(sandbox);
    const { contactID } = await posted(books, 'INV-0030');
    const again = { invoices: [invoice(contactID, 'INV-0030')] };
    const answer = await refusal(books.api.createInvoices(books.tenant, again, true, 4));
    assert.equal(answer.statusCode, 400);
    assert.equal(answer.body.Elements[0].ValidationErrors[0].Message, 'Invoice # must be unique.');
  },

  async 'replaces the lines of an invoice, then voids it'(sandbox) {
    const books = await connected(sandbox);
    const { api, tenant } = books;
    const { invoiceID } = await posted(books, 'INV-0040');
    const changed = await api.updateInvoice(tenant, invoiceID, { invoices: [{ invoiceID, lineItems: [line(1, 7.5)] }] }, 4);
    assert.equal(changed.body.invoices[0].subTotal, 7.5);
    assert.equal(changed.body.invoices[0].lineItems.length, 1);
    const voided = await api.updateInvoice(tenant, invoiceID, { invoices: [{ invoiceID, status: Invoice.StatusEnum.VOIDED }] });
    assert.equal(voided.body.invoices[0].status, 'VOIDED');
    const answer = await refusal(api.updateInvoice(tenant, invoiceID, { invoices: [{ invoiceID, reference: 'late' }] }));
    assert.equal(answer.statusCode, 400);
  },

  async 'pays an invoice, and settles one with a credit note'(sandbox) {
    const books = await connected(sandbox);
    const { api, tenant } = books;
    const { invoiceID, contactID } = await posted(books, 'INV-0050', [line(1, 100)]);
    const note = {
      type: CreditNote.TypeEnum.ACCRECCREDIT, contact: { contactID }, creditNoteNumber: 'CN-0050', date: '2026-09-30',
      lineAmountTypes: LineAmountTypes.Exclusive, lineItems: [line(1, 20)], status: CreditNote.StatusEnum.AUTHORISED,
    };
    const creditNoteID = (await api.createCreditNotes(tenant, { creditNotes: [note] }, true, 4)).body.creditNotes[0].creditNoteID;
    await api.createCreditNoteAllocation(tenant, creditNoteID,
      { allocations: [{ invoice: { invoiceID }, amount: 24, date: '2026-09-30' }] }, true);
    const pay = (amount) => ({ invoice: { invoiceID }, account: { code: '090' }, date: '2026-09-30', amount, reference: 'P-50' });
    const tooMuch = await refusal(api.createPayments(tenant, { payments: [pay(96.01)] }, true));
    assert.match(tooMuch.body.Elements[0].ValidationErrors[0].Message, /exceeds the amount outstanding/);
    await api.createPayments(tenant, { payments: [pay(96)] }, true);

    const read = (await api.getInvoice(tenant, invoiceID)).body.invoices[0];
    assert.deepEqual([read.status, read.amountDue, read.amountPaid, read.amountCredited], ['PAID', 0, 96, 24]);
    assert.equal((await api.getCreditNote(tenant, creditNoteID)).body.creditNotes[0].remainingCredit, 0);
  },

  async 'gets the first answer again for a repeated idempotency key'(sandbox) {
    const books = await connected(sandbox);
    const id = await contact(books);
    const create = (number, key) =>
      books.api.createInvoices(books.tenant, { invoices: [invoice(id, number)] }, true, 4, key);
    const first = (await create('INV-0060', 'key-60')).body.invoices[0].invoiceID;
    assert.equal((await create('INV-0060', 'key-60')).body.invoices[0].invoiceID, first);
    assert.equal((await documents(sandbox)).length, 1);

    const other = await refusal(create('INV-0061', 'key-60'));
    assert.equal(other.statusCode, 400);
    assert.match(JSON.stringify(other.body), /Idempotency Key: key-60 is used with a different request/);
    assert.equal((await documents(sandbox)).length, 1);
  },

  async 'repeats a create whose answer was lost, and there is one invoice'(sandbox) {
    const books = await connected(sandbox);
    const id = await contact(books);
    const create = () => books.api.createInvoices(books.tenant, { invoices: [invoice(id, 'INV-0070')] }, true, 4, 'key-70');
    const lost = await sandbox.under([{ provider: 'xero', match: 'write', answer_lost: 1, times: 1 }], () => refusal(create()));
    assert.equal(lost.statusCode, 0, 'no answer came');
    const [made] = (await create()).body.invoices;
    assert.deepEqual((await documents(sandbox)).map((one) => one.id), [made.invoiceID]);
  },

  async 'refreshes with rotation, and may repeat a refresh whose answer was lost'(sandbox) {
    const { xero, api, tenant } = await connected(sandbox);
    const old = xero.readTokenSet();
    const fresh = await xero.refreshToken();
    assert.notEqual(fresh.refresh_token, old.refresh_token);
    assert.notEqual(fresh.access_token, old.access_token);
    assert.equal((await api.getOrganisations(tenant)).response.status, 200);
    // The replaced token works for 30 more minutes, for whoever lost the answer.
    const again = await xero.refreshWithRefreshToken('sandbox-xero-client', 'sandbox-xero-secret', old.refresh_token);
    assert.ok(again.refresh_token && again.refresh_token !== old.refresh_token);
  },

  async 'sees an expired token as such, and a revoked one at the token endpoint'(sandbox) {
    const { xero, api, tenant } = await connected(sandbox);
    await sandbox.configure('xero', { expire_access_tokens: true });
    const answer = await refusal(api.getOrganisations(tenant));
    assert.equal(answer.statusCode, 401);
    assert.match(answer.body.Detail, /^TokenExpired/);
    await xero.refreshToken();
    assert.equal((await api.getOrganisations(tenant)).response.status, 200);

    await sandbox.configure('xero', { revoke_tokens: UK });
    await assert.rejects(xero.refreshToken(), (error) => error.error === 'invalid_grant');
  },

  async 'is held to 60 calls a minute in one organisation, and goes on in another'(sandbox) {
    const { api, tenant } = await connected(sandbox);
    const other = await connected(sandbox, US);
    let answer, good = 0;
    // The window is fixed and starts at some second of its own: two windows' worth of calls surely meet its end.
    while (!answer && good < 121)
      await api.getOrganisations(tenant).then(() => { good += 1; }, (error) => { answer = JSON.parse(error).response; });
    assert.ok(good >= 60, `${good} calls went through before the limit`);
    assert.equal(answer.statusCode, 429);
    assert.equal(answer.body, '');
    assert.equal(answer.headers['x-rate-limit-problem'], 'minute');
    assert.equal(answer.headers['x-minlimit-remaining'], '0');
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 60, `Retry-After is ${wait}`);
    assert.equal((await other.api.getOrganisations(other.tenant)).response.status, 200);
  },

  async 'may have 5 calls in flight'(sandbox) {
    const { api, tenant } = await connected(sandbox);
    const call = () => api.getOrganisations(tenant).then(() => null, (error) => JSON.parse(error).response);
    const slow = [{ provider: 'xero', match: 'read', latency_ms: 500 }];
    const answers = await sandbox.under(slow, () => Promise.all(Array.from({ length: 6 }, call)));
    const refused = answers.filter((one) => one !== null);
    assert.deepEqual(refused.map((one) => one.statusCode), [429]);
    assert.equal(refused[0].headers['x-rate-limit-problem'], 'concurrent');
    assert.equal(refused[0].headers['retry-after'], undefined);
    assert.equal(await call(), null);
  },

  async 'disconnects one organisation and keeps the other'(sandbox) {
    const xero = client();
    const uk = await connected(sandbox, UK, xero);
    const us = await connected(sandbox, US, xero);
    await xero.disconnect(uk.connection);
    assert.deepEqual((await xero.updateTenants(false)).map((one) => one.tenantName), [US]);
    assert.equal((await refusal(xero.accountingApi.getOrganisations(uk.tenant))).statusCode, 403);
    assert.equal((await xero.accountingApi.getOrganisations(us.tenant)).response.status, 200);
  },
};
