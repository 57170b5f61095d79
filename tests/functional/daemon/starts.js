'use strict';
// Starts that cannot be: one line that says why, exit code 2, and nothing is changed by them.

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { Server, runProgram } = require('../support/process');

const SCHEMA_VERSION_AT = 60;  // PRAGMA user_version in a SQLite file's header, four bytes, big-endian

/** A directory with a configuration in it. */
class Place {
  constructor(bin) {
    this.program = path.join(bin, 'spillwayd');
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-start-'));
    this.state = path.join(this.directory, 'state');
    this.config = path.join(this.directory, 'config.json');
    this.write({});
  }
  write(more) {
    const xero = { client_id: 'c', client_secret: 'the-client-secret', mark: 'sandbox', redirect_uri: 'http://localhost/cb' };
    this.writeText(JSON.stringify({ listen: { port: 0 }, state_dir: this.state, providers: { xero }, ...more }));
  }
  writeText(text) { fs.writeFileSync(this.config, text); }
  start() { return Server.start(this.program, ['--config', this.config], 'ready', { onLog: () => {} }); }
  run(...more) { return runProgram(this.program, ['--config', this.config, ...more]); }

  /** Runs once, so that there is state that could be harmed. */
  async settle() {
    const daemon = await this.start();
    assert.deepStrictEqual(await daemon.stop(), { code: 0, signal: null });
  }
  /** Every file, also in folders, and what is in it. */
  contents() {
    const found = {};
    for (const name of fs.existsSync(this.state) ? fs.readdirSync(this.state, { recursive: true }).sort() : []) {
      const file = path.join(this.state, name);
      found[name] = fs.statSync(file).isDirectory() ? 'folder' : crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    }
    return found;
  }
  /** The start is refused in one line that matches. */
  async refuses(pattern, ...more) {
    const { code, signal, out, err } = await this.run(...more);
    assert.deepStrictEqual({ code, signal, out }, { code: 2, signal: null, out: '' }, err);
    assert.match(err, /^spillwayd: [^\n]+\n$/);
    assert.match(err, pattern);
    assert.ok(!err.includes('the-client-secret'), err);
  }
  remove() { fs.rmSync(this.directory, { recursive: true, force: true }); }
}

const inPlace = (test) => async (bin) => {
  const place = new Place(bin);
  await test(place);
  place.remove();
};

/** Each must be refused, without so much as a state directory. */
const BAD_CONFIGURATIONS = [
  ['not JSON', '{', /config\.json/],
  ['a list', '[]', /object/],
  ['nothing', '', /config\.json/],
  ['an unknown member', { colour: 'red' }, /\/colour/],
  ['an unknown member inside', { listen: { prt: 1 } }, /\/listen\/prt/],
  ['an unknown provider', { providers: { sage: { client_id: 'x' } } }, /\/providers\/sage/],
  ['an unknown setting of a provider', { providers: { xero: { client_id: 'x', secrt: 's' } } }, /\/providers\/xero\/secrt/],
  ['a port as text', { listen: { port: '80' } }, /\/listen\/port/],
  ['a port beyond all ports', { listen: { port: 65536 } }, /\/listen\/port/],
  ['an address that is a number', { listen: { address: 1 } }, /\/listen\/address/],
  ['a listen that is text', { listen: 'x' }, /\/listen/],
  ['providers as a list', { providers: [] }, /\/providers/],
  ['a state directory as a number', { state_dir: 5 }, /\/state_dir/],
  ['no state directory', { state_dir: '' }, /\/state_dir/],
  ['a log level of its own', { log_level: 'loud' }, /\/log_level/],
  ['a mark of its own', { providers: { xero: { client_id: 'x', mark: 'test' } } }, /\/providers\/xero\/mark/],
  ['a day of five calls', { providers: { xero: { client_id: 'x', calls_per_day: 5 } } }, /\/providers\/xero\/calls_per_day/],
  ['a day that QuickBooks does not have', { providers: { qbo: { client_id: 'x', calls_per_day: 5000 } } }, /\/providers\/qbo\/calls_per_day/],
  ['no client id', { providers: { qbo: {} } }, /\/providers\/qbo\/client_id/],
  ['a secret file that is not there', { providers: { qbo: { client_id: 'x', client_secret_file: '/nowhere/secret' } } }, /\/nowhere\/secret/],
  ['live credentials to another host',
    { providers: { xero: { client_id: 'x', client_secret: 'the-client-secret', api_url: 'http://127.0.0.1:1' } } }, /live credentials .*127\.0\.0\.1/],
  ['live credentials to another token host',
    { providers: { qbo: { client_id: 'x', client_secret: 'the-client-secret', token_url: 'https://oauth.platform.intuit.com.example/token' } } },
    /live credentials .*intuit\.com\.example/],
  ['a relay to nowhere', { relay: {} }, /\/relay takes either conninfo or sqlite_file/],
  ['a relay to two databases', { relay: { conninfo: 'dbname=x', sqlite_file: 'x' } }, /\/relay takes either/],
  ['a connection string that is none', { relay: { conninfo: 'dbname=x colour=red' } }, /\/relay\/conninfo: .*colour/],
  ['a password for all to see', { relay: { conninfo: 'dbname=x password=the-client-secret' } }, /\/relay\/conninfo: .*file of its own/],
  ['a password file that is not there', { relay: { conninfo: 'dbname=x', password_file: '/nowhere/secret' } }, /\/nowhere\/secret/],
  ['a relay that asks too often', { relay: { conninfo: 'dbname=x', poll_ms: 1 } }, /\/relay\/poll_ms/],
  ['a schema that is more than a name', { relay: { conninfo: 'dbname=x', schema: 'a -c x=y' } }, /\/relay\/schema/],
];

const tests = {
  'a taken port is one line, and nothing is changed': inPlace(async (place) => {
    const other = net.createServer();
    await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address();
    await place.settle();
    place.write({ listen: { port } });
    const before = place.contents();
    await place.refuses(new RegExp(`\\b${port}\\b`));
    await new Promise((resolve) => other.close(resolve));
    // The database counts each opening in its epoch; the rest is as it was.
    const after = place.contents();
    assert.deepStrictEqual(Object.keys(after), Object.keys(before));
    for (const name of Object.keys(before)) if (!name.startsWith('spillway.db')) assert.strictEqual(after[name], before[name], name);
    place.write({});
    await place.settle();
  }),

  'a configuration that cannot be read is one line': inPlace(async (place) => {
    fs.rmSync(place.config);
    await place.refuses(/cannot read .*config\.json/);
    fs.mkdirSync(place.config);
    await place.refuses(/cannot read .*config\.json/);
    assert.ok(!fs.existsSync(place.state));
  }),

  'a configuration that is wrong is one line that names the place': inPlace(async (place) => {
    for (const [name, given, pattern] of BAD_CONFIGURATIONS) {
      if (typeof given === 'string') place.writeText(given);
      else place.write(given);
      for (const more of [[], ['--check']])
        await place.refuses(pattern, ...more).catch((error) => { throw new Error(`${name}: ${error.message}`); });
    }
    assert.ok(!fs.existsSync(place.state), 'a start that is refused makes nothing');
  }),

  'options that are wrong are one line': inPlace(async (place) => {
    await place.refuses(/--colour/, '--colour');
    const { code, err } = await runProgram(place.program, []);
    assert.strictEqual(code, 2);
    assert.match(err, /^spillwayd: .*--config[^\n]*\n$/);
  }),

  '--check reads the configuration and starts nothing': inPlace(async (place) => {
    const { code, out, err } = await place.run('--check');
    assert.deepStrictEqual({ code, out, err }, { code: 0, out: '', err: '' });
    assert.ok(!fs.existsSync(place.state));
  }),

  'a database of a newer version is left alone': inPlace(async (place) => {
    await place.settle();
    const database = path.join(place.state, 'spillway.db');
    const file = fs.openSync(database, 'r+');
    const version = Buffer.alloc(4);
    fs.readSync(file, version, 0, 4, SCHEMA_VERSION_AT);
    assert.ok(version.readUInt32BE() > 0 && version.readUInt32BE() < 1_000);
    version.writeUInt32BE(1_000);
    fs.writeSync(file, version, 0, 4, SCHEMA_VERSION_AT);
    fs.closeSync(file);
    const before = place.contents();
    await place.refuses(/schema version 1000/);
    assert.deepStrictEqual(place.contents(), before);
  }),

  'a file that is no database is left alone': inPlace(async (place) => {
    fs.mkdirSync(place.state);
    fs.writeFileSync(path.join(place.state, 'spillway.db'), 'this is no database, and it is somebody\'s\n'.repeat(100));
    const before = place.contents();
    await place.refuses(/spillway\.db/);
    assert.strictEqual(place.contents()['spillway.db'], before['spillway.db']);
  }),

  'a second daemon on the same state directory is refused, the first goes on': inPlace(async (place) => {
    const first = await place.start();
    const before = place.contents();
    await place.refuses(/another process|already/);
    // The first one goes on with its database; all else is as it was.
    const after = place.contents();
    for (const all of [before, after]) for (const name of Object.keys(all)) if (name.startsWith('spillway.db')) delete all[name];
    assert.deepStrictEqual(after, before);
    assert.ok(first.alive);
    assert.deepStrictEqual(await first.stop(), { code: 0, signal: null });
    await place.settle();
  }),

  'a state directory that cannot be written is one line': inPlace(async (place) => {
    const file = path.join(place.directory, 'file');
    fs.writeFileSync(file, 'x');
    for (const state of [path.join(file, 'state'), file, '/proc', '/proc/spillway']) {
      place.write({ state_dir: state });
      await place.refuses(new RegExp(state.replaceAll('.', '\\.')));
    }
    assert.strictEqual(fs.readFileSync(file, 'utf8'), 'x');
  }),

  'a key file that is damaged stops the start before it can do harm': inPlace(async (place) => {
    await place.settle();
    for (const [name, text] of [['secrets.key', 'k1:short\n'], ['admin.key', '\n']]) {
      const kept = fs.readFileSync(path.join(place.state, name));
      fs.writeFileSync(path.join(place.state, name), text);
      await place.refuses(/key/);
      assert.strictEqual(fs.readFileSync(path.join(place.state, name), 'utf8'), text, 'a key is never made anew over another');
      fs.writeFileSync(path.join(place.state, name), kept);
    }
    await place.settle();
  }),

  'what it makes is for its owner only': inPlace(async (place) => {
    await place.settle();
    assert.strictEqual(fs.statSync(place.state).mode & 0o077, 0);
    for (const name of fs.readdirSync(place.state)) assert.strictEqual(fs.statSync(path.join(place.state, name)).mode & 0o077, 0, name);
  }),
};

module.exports = { name: 'starts', limitMs: 120_000, plain: true, tests };
