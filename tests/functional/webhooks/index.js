'use strict';

const assert = require('node:assert');
const { Tally } = require('../support/tally');
const { World, until } = require('../daemon/world');
const { Receiver } = require('./receiver');

const [bin] = process.argv.slice(2);
const LIMIT_MS = 120_000;

/** A daemon that may send to a receiver on this machine. */
async function receiving(test) {
  const world = await World.start(bin);
  const receiver = await Receiver.start();
  try {
    await world.daemon.stop();
    world.configure({ webhooks: { allow: [receiver.place] } });
    await world.startDaemon();
    await test(world, receiver);
    await world.close();
    world.remove();
  } finally {
    await receiver.stop();
    if (world.daemon.alive) await world.close().catch(() => {});
  }
}

/** @return the new webhook, its secret known to the receiver and watched for leaks */
async function register(world, receiver, more = {}) {
  const webhook = await world.ask(201, 'POST', '/v1/webhooks', { json: { url: receiver.url, ...more }, secret: true });
  world.secrets.add(webhook.secret);
  world.secrets.add(webhook.secret.slice('whsec_'.length));
  receiver.secrets = [webhook.secret];
  return webhook;
}

const deliveries = async (world, id, state) => (await world.ask(200, 'GET', `/v1/webhooks/${id}/deliveries?state=${state}`)).items;
const makePartner = (world, name) => world.ask(201, 'POST', '/v1/partners', { json: { name } });

const tests = {
  'the result of a sync reaches the receiver, signed, and nobody else can read the secret': () => receiving(async (world, receiver) => {
    const { id } = await world.connect('xero');
    const webhook = await register(world, receiver, { types: ['record.applied', 'sync.done'], connection_id: id });
    await world.put(id, { kind: 'contact', id: 'C-1', body: '{"name":"Ada","customer":true}' });
    await world.done(await world.sync(id));
    await until('both events', () => receiver.of('record.applied').length === 1 && receiver.of('sync.done').length === 1);
    for (const { good, path, event, headers } of receiver.got) {
      assert.deepStrictEqual(good, [true]);
      assert.strictEqual(path, '/in?from=spillway');
      assert.strictEqual(headers['content-type'], 'application/json');
      assert.strictEqual(event.data.connection_id, id);
      assert.strictEqual(event.data.type, event.type);
    }
    const listed = await world.ask(200, 'GET', '/v1/events');
    for (const { event } of receiver.got) assert.deepStrictEqual(listed.items.find(({ seq }) => seq === event.data.seq), event.data);
    // That the check can fail: another body under the same signature.
    const one = receiver.got[0];
    assert.strictEqual(receiver.check(webhook.secret, one.body.replace('Ada', 'Eve') + ' ', one.headers), false);
    await until('both stored', async () => (await deliveries(world, webhook.id, 'delivered')).length === 2);
    const metrics = await world.send('GET', '/metrics');
    assert.match(metrics.text, /^spillway_webhook_delivered_total 2$/m);
    for (const line of metrics.text.split('\n')) assert.match(line, /^$|^# |^[a-z_]+(\{.*\})? -?[0-9.]+$/);
  }),

  'nothing is lost over a kill, and a repetition has the same id': () => receiving(async (world, receiver) => {
    const webhook = await register(world, receiver, { types: ['partner.*'] });
    receiver.statuses = [500];
    for (let i = 0; i < 10; ++i) await makePartner(world, `P${i}`);
    await world.daemon.kill();
    await world.startDaemon();
    for (let i = 10; i < 20; ++i) await makePartner(world, `P${i}`);
    const seqs = () => new Set(receiver.of('partner.created').map(({ event }) => event.data.seq));
    await until('all delivered', async () => (await deliveries(world, webhook.id, 'delivered')).length === 20);
    assert.strictEqual(seqs().size, 20);
    const ids = new Map();
    for (const { id, event, good } of receiver.got) {
      assert.deepStrictEqual(good, [true]);
      assert.strictEqual(ids.get(event.data.seq) || id, id, 'one event, one id');
      ids.set(event.data.seq, id);
    }
    assert.ok(receiver.got.length >= 21, 'the one that was answered 500 came again');
  }),

  'redirects are not followed, and what must not be reached is refused': () => receiving(async (world, receiver) => {
    const aim = await Receiver.start();
    try {
      await register(world, receiver);
      receiver.location = `http://${aim.place}/`;
      receiver.statuses = [302];
      await makePartner(world, 'P');
      await until('the repetition', () => receiver.of('partner.created').length === 2);
      assert.strictEqual(aim.got.length, 0);
      for (const url of [aim.url, `https://${aim.place}/`, 'https://127.0.0.1/', 'https://localhost/', `http://localhost:${receiver.port}/`, 'https://[::ffff:127.0.0.1]/']) {
        const refused = await world.ask(400, 'POST', '/v1/webhooks', { json: { url } });
        assert.strictEqual(refused.code, 'url_refused', url);
      }
    } finally {
      await aim.stop();
    }
  }),

  'the command adds, pings, rotates, replays and removes': () => receiving(async (world, receiver) => {
    const run = async (...args) => {
      const ran = await world.cli(['webhooks', ...args]);
      assert.strictEqual(ran.code, 0, ran.err);
      return ran.out;
    };
    const first = (await run('add', receiver.url, '--type', 'partner.created')).trim();
    assert.match(first, /^whsec_/);
    const [{ id }] = JSON.parse(await run('list', '--json'));
    receiver.secrets = [first];
    assert.match(await run('ping', id), /^delivered/);
    assert.deepStrictEqual(receiver.of('webhook.ping')[0].good, [true]);
    const second = (await run('rotate', id)).trim();
    for (const secret of [first, second]) world.secrets.add(secret);
    receiver.secrets = [first, second];
    await makePartner(world, 'P');
    await until('the event', () => receiver.of('partner.created').length === 1);
    assert.deepStrictEqual(receiver.of('partner.created')[0].good, [true, true]);
    await until('it is stored', async () => (await deliveries(world, id, 'delivered')).length === 2);
    assert.match(await run('deliveries', id), /partner\.created +delivered/);
    assert.match(await run('replay', id, '--since', '2020-01-01T00:00:00Z', '--delivered'), /^2 go again/);
    await until('both again', () => receiver.got.length === 4);
    assert.strictEqual(new Set(receiver.got.map((one) => one.id)).size, 2);
    receiver.statuses = [410];
    const gone = await world.cli(['webhooks', 'ping', id]);
    assert.strictEqual(gone.code, 1, gone.err);
    await until('it is disabled', async () => (await world.ask(200, 'GET', `/v1/webhooks/${id}`)).reason === 'gone');
    assert.match(await run('enable', id), /^active/);
    await run('remove', id);
    assert.deepStrictEqual(JSON.parse(await run('list', '--json')), []);
  }),
};

async function main() {
  const tally = new Tally();
  await Promise.all(Object.entries(tests).map(([name, test]) => tally.run(name, LIMIT_MS, test, () => '')));
  tally.close();
}

main().catch((error) => {
  console.log(error.stack);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
});
