'use strict';
// The servers that peers need: each in a folder of its own on the measured disk, on a free port, ended by its process id.
// With `trace` a server runs under strace, which notes every sync with its time.

const { spawn, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { sleep } = require('./measure');

const POSTGRES = '/usr/lib/postgresql/15/bin';
const RABBIT = '/usr/lib/rabbitmq/bin';

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function listening(port, child, limitMs = 90_000) {
  const end = Date.now() + limitMs;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: see its log`);
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await sleep(100);
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Every server that was started and not yet ended: none is left behind, whatever happens. */
const running = new Set();

async function stopAll() {
  for (const server of [...running].reverse()) await server.end('SIGTERM');
}

class Server {
  constructor(folder, trace) {
    this.folder = folder;
    this.trace = trace ? path.join(folder, 'syncs.txt') : null;
    fs.mkdirSync(folder, { recursive: true });
  }

  start(program, args, options = {}) {
    const log = fs.openSync(path.join(this.folder, 'server.log'), 'a');
    // -D: the tracer is the grandchild, so the process that we end is the server itself.
    const traced = ['-D', '-f', '-ttt', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', this.trace, program, ...args];
    const command = this.trace ? ['strace', traced] : [program, args];
    this.child = spawn(...command, { stdio: ['ignore', log, log], ...options });
    this.child.once('error', (failure) => { throw failure; });
    fs.closeSync(log);
    running.add(this);
    this.child.once('exit', () => running.delete(this));
  }

  stop(signal) { return this.end(signal); }

  async end(signal = 'SIGTERM') {
    if (!this.child || this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(late);
    if (this.trace) await sleep(300); // the tracer writes its last lines
  }
}

/** PostgreSQL refuses to run as root: then it runs as the package's user. */
function postgresUser() {
  if (process.getuid() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })));
  return { uid, gid };
}

async function postgres(folder, trace) {
  const server = new Server(folder, trace);
  const user = postgresUser();
  if (user.uid !== undefined) fs.chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  execFileSync(`${POSTGRES}/initdb`, ['-D', data, '-U', 'bench', '-A', 'trust', '--no-locale', '-E', 'UTF8'], { ...user, cwd: folder, stdio: 'ignore' });
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1', port, unix_socket_directories: folder, fsync: 'on', synchronous_commit: 'on',
    full_page_writes: 'on', max_connections: 120, shared_buffers: '512MB', max_wal_size: '4GB', wal_compression: 'on',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  server.start(`${POSTGRES}/postgres`, ['-D', data, ...args], { ...user, cwd: folder });
  await listening(port, server.child);
  server.url = `postgres://bench@127.0.0.1:${port}/postgres`;
  server.settings = 'fsync=on, synchronous_commit=on, full_page_writes=on, shared_buffers=512MB, max_wal_size=4GB, wal_compression=on';
  server.version = execFileSync(`${POSTGRES}/postgres`, ['--version'], { encoding: 'utf8' }).trim().replace('postgres (PostgreSQL) ', 'PostgreSQL ');
  for (;;) { // it listens before it takes connections
    try {
      const { Client } = require('pg');
      const client = new Client({ connectionString: server.url });
      await client.connect();
      await client.end();
      return server;
    } catch {
      await sleep(100);
    }
  }
}

async function redis(folder, trace) {
  const server = new Server(folder, trace);
  const port = await freePort();
  server.start('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'yes',
    '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--daemonize', 'no']);
  await listening(port, server.child);
  server.port = port;
  server.settings = 'appendonly yes, appendfsync always, no snapshots, noeviction';
  server.version = `Redis ${execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).match(/v=(\S+)/)[1]}`;
  return server;
}

async function rabbitmq(folder, trace) {
  const server = new Server(folder, trace);
  const epmd = new Server(path.join(folder, 'epmd'), false);
  const [port, dist, epmdPort] = [await freePort(), await freePort(), await freePort()];
  epmd.start('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1']);
  const plugins = path.join(folder, 'enabled_plugins');
  fs.writeFileSync(plugins, '[].\n');
  const config = path.join(folder, 'rabbitmq.conf');
  fs.writeFileSync(config, `listeners.tcp.1 = 127.0.0.1:${port}\ndisk_free_limit.absolute = 100MB\n`);
  const env = {
    ...process.env, HOME: folder, ERL_EPMD_PORT: String(epmdPort), ERL_EPMD_ADDRESS: '127.0.0.1', RUNNING_UNDER_SYSTEMD: '1',
    RABBITMQ_NODENAME: `bench@localhost`, RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'), RABBITMQ_LOG_BASE: path.join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: config, RABBITMQ_ENABLED_PLUGINS_FILE: plugins, RABBITMQ_DIST_PORT: String(dist), RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
  };
  server.start(`${RABBIT}/rabbitmq-server`, [], { env, cwd: folder });
  server.stop = async () => { await server.end(); await epmd.end(); };
  await listening(port, server.child);
  server.url = `amqp://guest:guest@127.0.0.1:${port}`;
  server.settings = 'one node, quorum queue';
  const installed = execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'rabbitmq-server'], { encoding: 'utf8' });
  server.version = `RabbitMQ ${installed.split('-')[0]}`;
  return server;
}

module.exports = { postgres, redis, rabbitmq, stopAll };
