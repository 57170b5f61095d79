'use strict';
// One daemon with a sandbox of its own in a directory of its own, and what callers do with them. Everything that the daemon
// logs and answers is kept: at the end no secret may be in it.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { send, request } = require('../support/http');
const { Server, runProgram } = require('../support/process');
const { Sandbox } = require('../support/sandbox');
const { Tap } = require('./tap');

const CHOICE = {
  xero: { tenant: 'Demo Company (UK)', decision: 'allow' },
  qbo: { realm: '9341452000000001', decision: 'allow' },
};
const CLIENT_SECRETS = { xero: 'sandbox-xero-secret', qbo: 'sandbox-qbo-secret' };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks until `look` gives something. */
async function until(what, look, limitMs = 60_000, everyMs = 100) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await sleep(everyMs);
  }
}

class World {
  static async start(bin) {
    const world = new World(bin);
    world.sandbox = await Sandbox.start(path.join(bin, 'spillway-sandbox'));
    world.tap = await Tap.start(world.sandbox.port, (token) => world.secrets.add(token));
    world.configure();
    await world.startDaemon();
    world.adminKey = fs.readFileSync(path.join(world.state, 'admin.key'), 'utf8').trim();
    world.partner = (await world.ask(201, 'POST', '/v1/partners', { json: { name: 'Partner' } })).id;
    return world;
  }

  constructor(bin) {
    this.bin = bin;
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-daemon-'));
    this.state = path.join(this.directory, 'state');
    this.config = path.join(this.directory, 'config.json');
    this.log = '';
    this.answers = [];
    this.secrets = new Set(Object.values(CLIENT_SECRETS));
  }

  configure(more = {}) {
    const sandbox = `http://127.0.0.1:${this.sandbox.port}`;
    const app = (name, authorize, token, revoke) => ({
      client_id: `sandbox-${name}-client`, client_secret: CLIENT_SECRETS[name], mark: 'sandbox',
      // The test is the browser, and takes the answer to where the daemon listens.
      redirect_uri: 'http://localhost/v1/connect/callback',
      authorize_url: sandbox + authorize, token_url: this.tap.url + token, revoke_url: this.tap.url + revoke, api_url: sandbox,
    });
    fs.writeFileSync(this.config, JSON.stringify({
      listen: { port: 0 }, state_dir: this.state, log_level: 'debug',
      providers: {
        xero: app('xero', '/identity/connect/authorize', '/connect/token', '/connect/revocation'),
        qbo: app('qbo', '/connect/oauth2', '/oauth2/v1/tokens/bearer', '/v2/oauth2/tokens/revoke'),
      },
      ...more,
    }));
  }

  async startDaemon() {
    this.daemon = await Server.start(path.join(this.bin, 'spillwayd'), ['--config', this.config], 'ready', {
      onLog: (text) => { this.log += text; },
    });
    this.port = this.daemon.port;
    await until('a daemon that is ready', async () => (await send(this.port, 'GET', '/readyz')).status === 200);
  }

  /** Sends with the administrator's key unless another (or null) is given. @return { status, headers, text } */
  async send(method, target, { key = this.adminKey, headers = {}, secret = false, ...rest } = {}) {
    const all = key === null ? headers : { Authorization: `Bearer ${key}`, ...headers };
    const answer = await send(this.port, method, target, { ...rest, headers: all });
    if (!secret) this.answers.push(answer.text + JSON.stringify(answer.headers));
    return answer;
  }

  /** The same, answered as JSON with that status. */
  async ask(status, method, target, options) {
    const answer = await this.send(method, target, options);
    assert.strictEqual(answer.status, status, `${method} ${target}: ${answer.text}`);
    return answer.text === '' ? {} : JSON.parse(answer.text);
  }

  /** Gives consent as a person would. @return the daemon's answer to the redirect */
  async consent(consentUrl, provider) {
    const back = new URL(await this.sandbox.consent(consentUrl, CHOICE[provider]));
    assert.strictEqual(back.hostname, 'localhost');
    this.secrets.add(back.searchParams.get('code'));
    return this.send('GET', back.pathname + back.search, { key: null });
  }

  /** @return { id, tenant_id, ... } of the new connection */
  async connect(provider, partner = this.partner) {
    const { consent_url: url } = await this.ask(201, 'POST', `/v1/partners/${partner}/connections`, { json: { provider } });
    const answer = await this.consent(url, provider);
    assert.strictEqual(answer.status, 200, answer.text);
    const { items } = await this.ask(200, 'GET', `/v1/connections?provider=${provider}&partner_id=${partner}`);
    assert.strictEqual(items.length, 1);
    assert.strictEqual(items[0].state, 'active', items[0].state_reason);
    return items[0];
  }

  connection(id) { return this.ask(200, 'GET', `/v1/connections/${id}`); }

  async put(connection, { kind, id, body }, options = {}) {
    const answer = await this.send('PUT', `/v1/connections/${connection}/records/${kind}/${id}`, { body, ...options });
    assert.ok(answer.status === 202 || answer.status === 200, `${kind} ${id}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Many at once, as NDJSON. */
  async load(connection, records) {
    const body = records.map(({ kind, id, body: record }) => `{"kind":"${kind}","external_id":"${id}","record":${record}}\n`).join('');
    const answer = await this.send('POST', `/v1/connections/${connection}/records:bulk`, {
      body, headers: { 'Content-Type': 'application/x-ndjson' },
    });
    assert.strictEqual(answer.status, 200, answer.text);
    const refused = answer.text.split('\n').filter((line) => line && JSON.parse(line).status >= 300);
    assert.deepStrictEqual(refused, []);
  }

  /** @return the path of the new sync */
  async sync(connection) {
    const { id } = await this.ask(202, 'POST', `/v1/connections/${connection}/syncs`);
    return `/v1/connections/${connection}/syncs/${id}`;
  }

  /** Waits for the end of a sync, over restarts too. @return the sync */
  done(sync, limitMs) {
    return until(`the end of ${sync}: ${this.connectionOf(sync)}`, async () => {
      const seen = await this.ask(200, 'GET', sync);
      return seen.state === 'done' && seen;
    }, limitMs, 250);
  }
  connectionOf(sync) { return sync.split('/')[3]; }

  /** A call of that connection is with the provider. */
  sending(connection, limitMs) {
    return until(`a call of ${connection}`, async () => (await this.connection(connection)).lane.doing === 'sending', limitMs, 20);
  }

  cli(args, { key, env = {} } = {}) {
    const file = path.join(this.directory, 'cli.key');
    fs.writeFileSync(file, key || this.adminKey, { mode: 0o600 });
    return runProgram(path.join(this.bin, 'spillway'), ['--url', `http://127.0.0.1:${this.port}`, '--key-file', file, ...args], { env });
  }

  /** Opens a stream of server-sent events. @return { events: [{ event, data }], ended: Promise, close() } */
  watch(target, key = this.adminKey) {
    const stream = { events: [], ended: null, status: 0 };
    stream.ended = new Promise((resolve) => {
      const asked = request({ hostname: '127.0.0.1', port: this.port, path: target, headers: { Authorization: `Bearer ${key}` }, agent: false },
        (answer) => {
          stream.status = answer.statusCode;
          stream.type = answer.headers['content-type'];
          let text = '';
          answer.on('data', (part) => {
            text += part;
            const blocks = text.split('\n\n');
            text = blocks.pop();
            for (const block of blocks) {
              const event = /^event: (.*)$/m.exec(block), data = /^data: (.*)$/m.exec(block);
              if (event) stream.events.push({ event: event[1], data: JSON.parse(data[1]) });
              this.answers.push(block);
            }
          });
          answer.on('error', () => resolve('cut'));
          answer.on('close', () => resolve(answer.complete ? 'ended' : 'cut'));
        });
      asked.on('error', () => resolve('refused'));
      asked.end();
      stream.close = () => asked.destroy();
    });
    return stream;
  }

  /** No secret is where it does not belong: logs, answers, files other than the keys' own. */
  assertNothingLeaked() {
    const secrets = new Set([...this.secrets].filter(Boolean));
    secrets.add(this.adminKey);
    for (const [, key] of fs.readFileSync(path.join(this.state, 'secrets.key'), 'utf8').matchAll(/:([0-9a-f]{32,})/g)) secrets.add(key);
    const places = new Map([['the log', this.log], ['the answers', this.answers.join('\n')]]);
    for (const name of fs.readdirSync(this.state)) {
      const file = path.join(this.state, name);
      if (!['admin.key', 'secrets.key'].includes(name) && fs.statSync(file).isFile()) places.set(name, fs.readFileSync(file, 'latin1'));
    }
    for (const [place, text] of places)
      for (const secret of secrets) assert.ok(!text.includes(secret), `${place} holds the secret ${secret.slice(0, 12)}…`);
    return { secrets: secrets.size, places };
  }

  async close() {
    try {
      if (this.daemon && this.daemon.alive) {
        const end = await this.daemon.stop();
        assert.deepStrictEqual(end, { code: 0, signal: null }, 'how the daemon stopped');
      }
      if (this.adminKey) this.assertNothingLeaked();
    } finally {
      if (this.sandbox) await this.sandbox.stop();
      if (this.tap) await this.tap.stop();
    }
  }

  remove() { fs.rmSync(this.directory, { recursive: true, force: true }); }
}

module.exports = { World, sleep, until };
