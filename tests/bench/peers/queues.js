'use strict';
// The peers behind one face: enqueue(body), enqueueMany(bodies), work(onJob, {idle}) -> stop(), close(). Every promise of an
// enqueue resolves when the job is durable. Each has the best settings that its own documents name; `source` says where.

const fs = require('node:fs');
const path = require('node:path');
const servers = require('./servers');
const { sleep } = require('./measure');

const TASK = 'invoice';
const version = (name) => `${name} ${JSON.parse(fs.readFileSync(path.join(__dirname, 'node_modules', name, 'package.json'), 'utf8')).version}`;
const silent = { debug() {}, info() {}, warn: console.error, error: console.error };

async function graphile({ folder, trace, inFlight }) {
  let closing = false;
  const { makeWorkerUtils, run, Logger } = require('graphile-worker');
  const { Pool } = require('pg');
  const server = await servers.postgres(folder, trace);
  const quiet = new Logger(() => (level, message) => { if (level === 'error' && !closing) console.error(message); });
  const pool = new Pool({ connectionString: server.url, max: inFlight });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const utils = await makeWorkerUtils({ pgPool: pool, logger: quiet });
  await utils.migrate();
  return {
    server,
    version: `${version('graphile-worker')}, ${server.version}`,
    settings: `addJob over a pool of ${inFlight}; addJobs for bulk; worker: concurrentJobs 24, localQueue.size 500, completeJobBatchDelay 0, failJobBatchDelay 0; ${server.settings}`,
    source: 'worker.graphile.org/docs/performance',
    enqueue: (body) => utils.addJob(TASK, body),
    enqueueMany: (bodies) => utils.addJobs(bodies.map((payload) => ({ identifier: TASK, payload }))),
    async work(onJob, { idle } = {}) {
      const worker = { concurrentJobs: 24, maxPoolSize: 25, completeJobBatchDelay: 0, failJobBatchDelay: 0, connectionString: server.url };
      // A local queue fetches on a delay when it is idle: latency is measured without it.
      if (!idle) worker.localQueue = { size: 500 };
      const runner = await run({ preset: { worker: { ...worker, logger: quiet } }, taskList: { [TASK]: async () => { onJob(); } }, noHandleSignals: true });
      return async () => {
        closing = true; // stopped amid its work it reports what it lets go
        await runner.stop();
        // And goes on giving back what its local queue held: the server must outlive that.
        const held = 'SELECT 1 FROM graphile_worker._private_jobs WHERE locked_at IS NOT NULL LIMIT 1';
        while ((await pool.query(held)).rowCount > 0) await sleep(20);
      };
    },
    async close() {
      closing = true;
      await utils.release();
      await pool.end();
      await server.stop('SIGINT');
    },
  };
}

async function pgBoss({ folder, trace, inFlight }) {
  const PgBoss = require('pg-boss');
  const server = await servers.postgres(folder, trace);
  const boss = new PgBoss({ connectionString: server.url, max: inFlight, supervise: false, schedule: false });
  boss.on('error', (failure) => { if (!boss.closing) console.error(failure); });
  await boss.start();
  await boss.createQueue(TASK);
  return {
    server,
    version: `${version('pg-boss')}, ${server.version}`,
    settings: `send over a pool of ${inFlight}; insert for bulk; drained by 4 loops of fetch (batchSize 500) and complete; work() with its shortest polling interval, 0.5 s, for latency; ${server.settings}`,
    source: 'github.com/timgit/pg-boss docs/api/jobs.md, docs/api/workers.md',
    pickUps: 8, // each waits for a poll
    enqueue: (body) => boss.send(TASK, body),
    enqueueMany: (bodies) => boss.insert(TASK, bodies.map((data) => ({ data }))),
    async work(onJob, { idle } = {}) {
      if (idle) {
        const id = await boss.work(TASK, { pollingIntervalSeconds: 0.5 }, async () => { onJob(); });
        return () => boss.offWork({ id });
      }
      let going = true;
      const loops = Array.from({ length: 4 }, async () => {
        while (going) {
          const jobs = await boss.fetch(TASK, { batchSize: 500 });
          if (jobs.length === 0) { await sleep(5); continue; }
          await boss.complete(TASK, jobs.map((job) => job.id));
          jobs.forEach(() => onJob());
        }
      });
      return async () => { going = false; await Promise.all(loops); };
    },
    async close() {
      boss.closing = true;
      await boss.stop({ graceful: false });
      await server.stop('SIGINT');
    },
  };
}

async function bullMq({ folder, trace }) {
  const { Queue, Worker } = require('bullmq');
  const server = await servers.redis(folder, trace);
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
  const options = { removeOnComplete: true, removeOnFail: true };
  const queue = new Queue(TASK, { connection });
  await queue.waitUntilReady();
  return {
    server,
    version: `${version('bullmq')}, ${server.version}`,
    settings: `add; addBulk for bulk; one worker with concurrency 100; removeOnComplete; ${server.settings}`,
    source: 'docs.bullmq.io/guide/going-to-production, docs.bullmq.io/guide/workers/concurrency',
    enqueue: (body) => queue.add(TASK, body, options),
    enqueueMany: (bodies) => queue.addBulk(bodies.map((data) => ({ name: TASK, data, opts: options }))),
    async work(onJob) {
      const worker = new Worker(TASK, async () => { onJob(); }, { connection, concurrency: 100 });
      await worker.waitUntilReady();
      return () => worker.close();
    },
    async close() {
      await queue.close();
      await server.stop();
    },
  };
}

async function plainJob({ folder }) {
  const Database = require('better-sqlite3');
  const { better, defineQueue, defineWorker } = require('plainjob');
  fs.mkdirSync(folder, { recursive: true });
  const database = new Database(path.join(folder, 'queue.db'));
  const queue = defineQueue({ connection: better(database), logger: silent });
  database.pragma('synchronous = FULL'); // its own NORMAL may lose what was acknowledged when the power goes
  return {
    version: `${version('plainjob')}, ${version('better-sqlite3')}`,
    settings: 'add; addMany for bulk; one worker; WAL, synchronous=FULL (its default NORMAL is not durable); polling every 1 ms for latency',
    source: 'its README; sqlite.org/pragma.html#pragma_synchronous',
    enqueue: async (body) => queue.add(TASK, body),
    enqueueMany: async (bodies) => queue.addMany(TASK, bodies),
    async work(onJob) {
      const worker = defineWorker(TASK, async () => { onJob(); }, { queue, logger: silent, pollIntervall: 1 });
      const ended = worker.start();
      return async () => { await worker.stop(); await ended; };
    },
    async close() {
      queue.close();
      database.close();
    },
  };
}

async function rabbitMq({ folder, trace }) {
  const amqp = require('amqplib');
  const server = await servers.rabbitmq(folder, trace);
  const connection = await amqp.connect(server.url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(TASK, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const publish = (body) => new Promise((resolve, reject) => {
    channel.sendToQueue(TASK, Buffer.from(JSON.stringify(body)), { persistent: true }, (failure) => (failure ? reject(failure) : resolve()));
  });
  return {
    server,
    version: `${version('amqplib')}, ${server.version}`,
    settings: `persistent messages with publisher confirms on one channel; prefetch 256, an ack for each message; ${server.settings}`,
    source: 'rabbitmq.com/docs/confirms, rabbitmq.com/docs/quorum-queues',
    enqueue: publish,
    enqueueMany: (bodies) => Promise.all(bodies.map(publish)),
    async work(onJob) {
      const consumer = await connection.createChannel();
      await consumer.prefetch(256);
      await consumer.consume(TASK, (message) => { onJob(); consumer.ack(message); });
      return () => consumer.close();
    },
    async close() {
      await connection.close();
      await server.stop();
    },
  };
}

module.exports = { 'graphile-worker': graphile, 'pg-boss': pgBoss, BullMQ: bullMq, plainjob: plainJob, RabbitMQ: rabbitMq };
