'use strict';
// A real PostgreSQL of a test's own, in a directory of its own, behind a Unix socket; it ends with the test program.

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const BIN = '/usr/lib/postgresql/15/bin';
const START_LIMIT_MS = 60_000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGQUIT')));

/** PostgreSQL refuses to run as root: then it runs as the user that its package makes. */
function asServer() {
  if (process.getuid() !== 0) return {};
  const number = (flag) => Number(execFileSync('id', [flag, 'postgres']));
  return { uid: number('-u'), gid: number('-g') };
}

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

class Postgres {
  static async start() {
    const server = new Postgres();
    const as = asServer();
    server.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-pg-'));
    if (as.uid !== undefined) fs.chownSync(server.directory, as.uid, as.gid);
    fs.chmodSync(server.directory, 0o755);
    server.port = await freePort();
    server.data = path.join(server.directory, 'data');
    execFileSync(path.join(BIN, 'initdb'), ['-D', server.data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale', 'C.UTF-8'],
      { ...as, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
    await server.up();
    return server;
  }

  async up() {
    this.child = spawn(path.join(BIN, 'postgres'), ['-D', this.data, '-k', this.directory, '-c', 'listen_addresses=', '-c', `port=${this.port}`,
      '-c', 'fsync=off', '-c', 'max_connections=20', '-c', 'shared_buffers=16MB'], { ...asServer(), cwd: '/', stdio: 'ignore' });
    running.add(this.child);
    this.ended = new Promise((resolve) => this.child.once('exit', () => { running.delete(this.child); resolve(); }));
    const end = Date.now() + START_LIMIT_MS;
    for (;;) {
      try {
        this.sql('SELECT 1');
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  get conninfo() { return `host=${this.directory} port=${this.port} dbname=postgres user=spillway_relay`; }

  psql(...args) {
    return execFileSync(path.join(BIN, 'psql'), ['-h', this.directory, '-p', String(this.port), '-U', 'postgres', '-d', 'postgres', '-X', '-q', '-A', '-t',
      '-v', 'ON_ERROR_STOP=1', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }
  sql(text) { return this.psql('-c', text); }
  file(name) { return this.psql('-f', name); }

  /** A row in the outbox, in a transaction of its own. */
  put(connection, { kind, id, body }) {
    const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
    this.sql(`INSERT INTO spillway_outbox (connection, kind, external_id, body) VALUES (${[connection, kind, id, body].map(quoted).join(', ')})`);
  }

  /** How many sessions the relay has. */
  sessions() { return Number(this.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spillway-relay'")); }

  /** @param signal  SIGTERM: smart, waits for every session; SIGINT: fast; SIGQUIT: immediate */
  async down(signal = 'SIGINT') {
    this.child.kill(signal);
    await this.ended;
  }

  async remove() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.down('SIGQUIT');
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

module.exports = { Postgres };
