'use strict';
// What callers see of the API over sockets.

const assert = require('node:assert');
const { contact, month, assertTiedOut } = require('./records');
const { until } = require('./world');

function assertProblem(answer, status, code) {
  assert.strictEqual(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  const problem = JSON.parse(answer.text);
  assert.strictEqual(problem.status, status);
  if (code) assert.strictEqual(problem.code, code, answer.text);
  assert.ok(problem.title && problem.detail, answer.text);
}

/** @return the secret of a new key, made by the command line */
async function newKey(world, ...options) {
  const made = await world.cli(['--json', 'keys', 'create', '--name', 'a key', ...options]);
  assert.strictEqual(made.code, 0, made.err);
  const { id, secret } = JSON.parse(made.out);
  world.secrets.add(secret);
  return { id, secret };
}

const tests = {
  // No earlier process can have used up a limit, and a person waits at the consent page.
  'the first connections of a new installation wait for nothing': async (world) => {
    for (const provider of ['xero', 'qbo']) {
      const since = Date.now();
      await world.connect(provider);
      assert.ok(Date.now() - since < 10_000, `${provider} took ${Date.now() - since} ms`);
    }
  },

  'a sync shows its progress, streams it, and its stream ends with done': async (world) => {
    const { id, tenant_id: tenant } = await world.connect('xero');
    const source = month(36, 9);
    await world.load(id, source.records);
    await world.sandbox.faults([{ match: 'write', latency_ms: 1_200 }]);
    const sync = await world.sync(id);
    const stream = world.watch(`${sync}/events`);
    const under = await until('a sync under way', async () => {
      const seen = await world.ask(200, 'GET', sync);
      return seen.ended > 0 && seen.left > 0 && seen;
    }, 60_000, 50);
    assert.strictEqual(under.state, 'running');
    assert.strictEqual(under.total, source.records.length);
    assert.strictEqual(await stream.ended, 'ended');
    assert.strictEqual(stream.status, 200);
    assert.match(stream.type, /^text\/event-stream/);
    assert.ok(stream.events.filter(({ event }) => event === 'progress').length >= 2);
    const last = stream.events.at(-1);
    assert.deepStrictEqual([last.event, last.data.state, last.data.left], ['done', 'done', 0]);
    const { lane: _, ...seen } = await world.ask(200, 'GET', sync);
    const { lane: __, ...streamed } = last.data;
    assert.deepStrictEqual(streamed, seen);
    assertTiedOut(await world.sandbox.ledger('xero'), tenant, source);
  },

  'the paths for machines answer': async (world) => {
    const { id } = await world.connect('qbo');
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/schemas/record.json']) {
      const answer = await world.ask(200, 'GET', path, { key: null });
      assert.ok(Object.keys(answer).length > 0, path);
    }
    const { paths } = await world.ask(200, 'GET', '/openapi.json', { key: null });
    assert.ok(paths['/v1/connections/{connection_id}/syncs']);
    assertProblem(await world.send('GET', '/metrics', { key: null }), 401);
    const metrics = await world.send('GET', '/metrics');
    assert.match(metrics.headers['content-type'], /^text\/plain/);
    assert.match(metrics.text, new RegExp(`^spillway_provider_calls_total\\{connection="${id}",provider="qbo"\\} [1-9]`, 'm'));
    assert.match(metrics.text, /^spillway_http_requests_total\{.*route="\/healthz",status="200"\} 1$/m);
    for (const line of metrics.text.split('\n')) assert.match(line, /^$|^# |^[a-z_]+(\{.*\})? -?[0-9.]+$/);
  },

  'what is refused is refused as problem+json': async (world) => {
    const { id } = await world.connect('xero');
    const big = `{"name":"${'x'.repeat(70_000)}"}`;
    assertProblem(await world.send('GET', '/v1/nothing'), 404);
    assertProblem(await world.send('GET', '/v1/connections/con_other'), 404);
    assertProblem(await world.send('GET', `/v1/connections/${id}/records/invoice/none`), 404);
    const method = await world.send('DELETE', '/v1/partners');
    assertProblem(method, 405);
    assert.match(method.headers.allow, /GET/);
    assertProblem(await world.send('POST', '/v1/partners', { body: big }), 413);
    assertProblem(await world.send('GET', '/v1/partners', { key: null }), 401);
    assertProblem(await world.send('GET', '/v1/partners', { key: 'spk_wrong' }), 401);
    assertProblem(await world.send('GET', '/v1/partners?nonsense=1'), 400);
    assertProblem(await world.send('PUT', `/v1/connections/${id}/records/contact/C`, { body: '{"name":' }), 400);
    assertProblem(await world.send('PUT', `/v1/connections/${id}/records/contact/C`, { body: '{"nme":"x"}' }), 422);
    const header = await world.send('GET', '/healthz', { key: null, headers: { 'X-Long': 'x'.repeat(15_000) } });
    assert.strictEqual(header.status, 200);
    assertProblem(await world.send('GET', '/healthz', { key: null, headers: { 'X-Long': 'x'.repeat(20_000) } }), 431);
  },

  'an Idempotency-Key gives the same answer again': async (world) => {
    const { id } = await world.connect('xero');
    const path = `/v1/connections/${id}/records/contact/C`;
    const put = (body, key = 'k-1') => world.send('PUT', path, { body, headers: { 'Idempotency-Key': key } });
    const first = await put(contact('Once'));
    assert.strictEqual(first.status, 202);
    const again = await put(contact('Once'));
    assert.deepStrictEqual([again.status, again.text], [202, first.text]);
    const fresh = await put(contact('Once'), 'k-2');
    assert.deepStrictEqual([fresh.status, JSON.parse(fresh.text).outcome], [200, 'unchanged']);
    assertProblem(await put(contact('Twice')), 409, 'idempotency_key_reused');
    const syncs = [];
    for (let i = 0; i < 2; ++i)
      syncs.push(await world.ask(202, 'POST', `/v1/connections/${id}/syncs`, { headers: { 'Idempotency-Key': 's-1' } }));
    assert.strictEqual(syncs[1].id, syncs[0].id);
    // Over a restart too.
    await world.daemon.stop();
    await world.startDaemon();
    assert.deepStrictEqual((await put(contact('Once'))).text, first.text);
  },

  'keys made on the command line see their own partner only': async (world) => {
    const other = (await world.ask(201, 'POST', '/v1/partners', { json: { name: 'Other' } })).id;
    const { id } = await world.connect('xero');
    await world.put(id, { kind: 'contact', id: 'C', body: contact('Of the partner') });
    const [{ id: job }] = (await world.ask(200, 'GET', `/v1/jobs?connection_id=${id}`)).items;
    const mine = await newKey(world, '--scope', 'partner', '--partner', world.partner);
    const theirs = await newKey(world, '--scope', 'partner', '--partner', other);
    const reader = await newKey(world, '--scope', 'read_only', '--partner', world.partner);

    for (const path of [`/v1/connections/${id}`, `/v1/connections/${id}/records/contact/C`, `/v1/jobs/${job}`, `/v1/partners/${world.partner}`,
      `/v1/connections/${id}/syncs`, `/v1/jobs?connection_id=${id}`]) {
      assert.strictEqual((await world.send('GET', path, { key: mine.secret })).status, 200, path);
      assert.strictEqual((await world.send('GET', path, { key: reader.secret })).status, 200, path);
      assertProblem(await world.send('GET', path, { key: theirs.secret }), 404);
    }
    const write = { body: contact('Changed') };
    assertProblem(await world.send('PUT', `/v1/connections/${id}/records/contact/C`, { ...write, key: theirs.secret }), 404);
    assertProblem(await world.send('PUT', `/v1/connections/${id}/records/contact/C`, { ...write, key: reader.secret }), 403, 'scope');
    for (const list of ['/v1/connections', '/v1/jobs', '/v1/partners'])
      assert.ok(!(await world.send('GET', list, { key: theirs.secret })).text.includes(list === '/v1/partners' ? world.partner : id), list);
    assert.deepStrictEqual((await world.ask(200, 'GET', '/v1/events', { key: theirs.secret })).items.filter((event) => event.connection_id === id), []);
    assertProblem(await world.send('GET', '/v1/keys', { key: mine.secret }), 403, 'scope');
    assertProblem(await world.send('GET', '/metrics', { key: mine.secret }), 403, 'scope');

    const listed = await world.cli(['keys', 'list']);
    assert.strictEqual(listed.code, 0, listed.err);
    for (const key of [mine, theirs, reader]) {
      assert.ok(listed.out.includes(key.id));
      assert.ok(!listed.out.includes(key.secret));
    }
    assert.strictEqual((await world.cli(['keys', 'revoke', mine.id])).code, 0);
    assertProblem(await world.send('GET', `/v1/connections/${id}`, { key: mine.secret }), 401);
    const refused = await world.cli(['status'], { key: mine.secret });
    assert.strictEqual(refused.code, 2, refused.err);
    assert.strictEqual(refused.err.trim().split('\n').length, 1);
  },

  'no secret is in logs, answers or files, and the search for them finds': async (world) => {
    await world.connect('xero');
    await world.connect('qbo');
    // Refresh, refusal and revocation pass secrets too.
    for (const provider of ['xero', 'qbo']) await world.sandbox.configure(provider, { expire_access_tokens: provider === 'xero' ? true : '9341452000000001' });
    const { items } = await world.ask(200, 'GET', '/v1/connections');
    for (const { id } of items) await world.ask(200, 'POST', `/v1/connections/${id}/books/refresh`);
    await world.ask(200, 'POST', `/v1/connections/${items[0].id}/disconnect`);
    await newKey(world, '--scope', 'platform');
    await world.send('GET', '/v1/connect/callback?state=forged&code=forged-code', { key: null });

    const { secrets, places } = world.assertNothingLeaked();
    assert.ok(secrets >= 10, `only ${secrets} secrets were seen`);
    for (const place of ['spillway.db', 'grants.db']) assert.ok(places.get(place).length > 0, [...places.keys()].join());
    assert.ok(world.log.includes('"request"') && !world.log.includes('forged-code'));
    // That the search can find: something that is there.
    world.secrets.add(items[0].id);
    assert.throws(() => world.assertNothingLeaked(), /holds the secret/);
    world.secrets.delete(items[0].id);
  },
};

module.exports = { name: 'talk', limitMs: 180_000, tests };
