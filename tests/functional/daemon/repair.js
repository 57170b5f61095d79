'use strict';
// Indexes are made anew while the service runs: intake stays open, and all that it acknowledged is there once, in order.

const assert = require('node:assert');
const { contact, month, numbers, assertTiedOut } = require('./records');
const { sleep, until } = require('./world');

const CLIENTS = 64;
const seed = Number(process.env.SPILLWAY_SEED) || (Date.now() & 0x7fffffff);

const storage = (world) => world.ask(200, 'GET', '/v1/storage');

/** Enough rows that a rebuild takes a while. */
async function fill(world, connection, count) {
  for (let first = 0; first < count; first += 5_000) {
    const lines = Array.from({ length: Math.min(5_000, count - first) }, (_, at) => (
      { kind: 'contact', id: `F-${first + at}`, body: contact(`Filler ${first + at}`) }));
    await world.load(connection, lines);
  }
}

/** Begins a rebuild, behind the check that follows each start. */
const rebuild = (world) => until('a rebuild', async () => {
  const answer = await world.send('POST', '/v1/storage/rebuilds');
  assert.ok(answer.status === 202 || answer.status === 409, answer.text);
  return answer.status === 202;
});

/** Puts the versions of its own record, one after another, until told to stop. @return what was answered, in order */
async function client(world, connection, name, state) {
  const outcomes = [];
  for (let version = 1; !state.stop; ++version) {
    const answer = await world.send('PUT', `/v1/connections/${connection}/records/contact/${name}`, {
      body: contact(`${name} version ${version}`), headers: { 'Idempotency-Key': `${name}-${version}` },
    });
    assert.strictEqual(answer.status, 202, answer.text);
    outcomes.push(JSON.parse(answer.text).outcome);
  }
  return outcomes;
}

const tests = {
  'a rebuild under 64 clients: every submission is acknowledged, and is there exactly once, in order': async (world) => {
    const { id } = await world.connect('qbo');
    await fill(world, id, 20_000);
    const state = { stop: false };
    const clients = Array.from({ length: CLIENTS }, (_, at) => client(world, id, `R-${at}`, state));
    await sleep(300);
    await rebuild(world);
    const during = await storage(world);
    const ended = await until('the end of the rebuild and its check', async () => {
      const now = await storage(world);
      return now.under_way === '' && now;
    }, 120_000, 50);
    await sleep(300);
    state.stop = true;
    const outcomes = await Promise.all(clients);

    assert.strictEqual(during.under_way, 'reindex');
    assert.strictEqual(ended.rebuild.complete, true);
    assert.strictEqual(ended.rebuild.done, ended.rebuild.total);
    assert.deepStrictEqual(ended.rebuild.problems, []);
    assert.deepStrictEqual(ended.last_check.problems, []);
    assert.strictEqual(ended.last_check.depth, 'integrity_check');
    const all = outcomes.flat();
    const spilled = all.filter((outcome) => outcome === 'spilled').length;
    console.log(`      ${all.length} submissions, ${spilled} of them through the spill file; the rebuild took ${ended.rebuild.seconds} s`);
    assert.ok(spilled > 0, 'no submission met the rebuild');
    assert.strictEqual(outcomes.filter((own) => own[own.length - 1] !== 'accepted').length, 0, 'the store takes them again');

    const drained = await until('an empty spill file', async () => {
      const { spill } = await storage(world);
      return spill.entries === 0 && spill;
    }, 30_000);
    assert.strictEqual(drained.taken, spilled);
    assert.deepStrictEqual({ accepted: drained.accepted, refused: drained.refused, repeated: drained.repeated }, { accepted: spilled, refused: 0, repeated: 0 });
    for (let at = 0; at < CLIENTS; ++at) {
      const { version, record, state: shown } = await world.ask(200, 'GET', `/v1/connections/${id}/records/contact/R-${at}`);
      assert.strictEqual(version, outcomes[at].length, `R-${at}`);
      assert.strictEqual(record.name, `R-${at} version ${version}`);
      assert.notStrictEqual(shown, 'spilled');
    }
  },

  // At random moments: while the file is appended to, between two indexes, while it is merged.
  'kill -9 three times in rebuilds loses nothing that was acknowledged, and doubles nothing': async (world) => {
    console.log(`      kill -9 in a rebuild: SPILLWAY_SEED=${seed}`);
    const random = numbers(seed);
    const { id } = await world.connect('qbo');
    await fill(world, id, 20_000);
    const acknowledged = new Map();
    for (let kill = 0; kill < 3; ++kill) {
      let killed = false;
      const writer = async (at) => {
        const name = `K-${at}`;
        // The one that was in flight at the last kill may have been taken in.
        for (let version = (acknowledged.get(name) || 0) + 1; !killed; ++version) {
          const body = contact(`${name} version ${version}`);
          const status = await world.send('PUT', `/v1/connections/${id}/records/contact/${name}`, { body }).then((answer) => answer.status, () => 0);
          if (status === 202 || status === 200) acknowledged.set(name, version);
        }
      };
      const writers = Array.from({ length: 16 }, (_, at) => writer(at));
      await rebuild(world);
      await until('submissions in the spill file', async () => (await storage(world)).spill.taken >= 16, 60_000, 5);
      await sleep(random(1_500));
      const end = world.daemon.kill();
      killed = true;
      await Promise.all([end, ...writers]);
      await world.startDaemon();
      await until('an empty spill file', async () => (await storage(world)).spill.entries === 0, 60_000);
    }
    assert.strictEqual(acknowledged.size, 16);
    for (const [name, version] of acknowledged) {
      const seen = await world.ask(200, 'GET', `/v1/connections/${id}/records/contact/${name}`);
      assert.ok(seen.version === version || seen.version === version + 1, `${name}: ${seen.version} versions, ${version} acknowledged`);
      assert.strictEqual(seen.record.name, `${name} version ${seen.version}`);
    }
    const check = await world.cli(['check', '--full']);
    assert.strictEqual(check.code, 0, check.out + check.err);
  },

  'a stop in the middle of a rebuild does not wait for it': async (world) => {
    const { id } = await world.connect('qbo');
    await fill(world, id, 20_000);
    await rebuild(world);
    const put = await world.send('PUT', `/v1/connections/${id}/records/contact/S-1`, { body: contact('S-1') });
    assert.strictEqual(put.status, 202);
    const since = Date.now();
    assert.deepStrictEqual(await world.daemon.stop(15_000), { code: 0, signal: null });
    assert.ok(Date.now() - since <= 5_000, `the stop took ${Date.now() - since} ms`);
    await world.startDaemon();
    const record = await until('the merge', async () => {
      const answer = await world.send('GET', `/v1/connections/${id}/records/contact/S-1`);
      return answer.status === 200 && JSON.parse(answer.text).state !== 'spilled' && JSON.parse(answer.text);
    });
    assert.strictEqual(record.version, 1);
  },

  'a sync beside a rebuild ends in exact books': async (world) => {
    const filled = await world.connect('xero');
    await fill(world, filled.id, 10_000);
    const { id, tenant_id: tenant } = await world.connect('qbo');
    await world.sandbox.faults([{ match: 'write', latency_ms: [200, 600] }]);
    const source = month(40, 11);
    await world.load(id, source.records);
    const sync = await world.sync(id);
    await world.sending(id, 60_000);
    await until('the end of the check after the start', async () => (await storage(world)).under_way === '');
    const rebuilt = await world.cli(['repair', '--indexes']);
    assert.strictEqual(rebuilt.code, 0, rebuilt.out + rebuilt.err);
    assert.match(rebuilt.out, /indexes rebuilt at .*: (\d+) of \1\n/);
    const { parked, left } = await world.done(sync, 150_000);
    assert.deepStrictEqual({ parked, left }, { parked: 0, left: 0 });
    assertTiedOut(await world.sandbox.ledger('qbo'), tenant, source);
  },
};

module.exports = { name: 'repair', limitMs: 200_000, tests };
