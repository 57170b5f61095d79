'use strict';
// One peer, every figure: node run.js PEER --dir FOLDER [--seconds S] [--jobs N] [--pick-ups N] [--trace]
// Prints one JSON object. With --trace only the enqueue figure, with the syncs that it cost.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const queues = require('./queues');
const { stopAll } = require('./servers');
const { enqueue, drain, pickUp } = require('./measure');

const IN_FLIGHT = 64;

/** Lines of the trace between two moments, each a sync. */
function syncsBetween(file, from, to) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => {
    const at = Number((line.match(/^(?:\d+ +)?(\d+\.\d+) f/) || [])[1]);
    return at >= from && at <= to && !line.includes('resumed');
  }).length;
}

async function figures(peer, { seconds, jobs, pickUps }) {
  const out = {};
  out.pick_up = await pickUp(peer, Math.min(pickUps, peer.pickUps || pickUps));
  out.enqueue = await enqueue(peer, { inFlight: IN_FLIGHT, group: 1, seconds });
  out.bulk = await enqueue(peer, { inFlight: 2, group: 1000, seconds });
  const waiting = out.enqueue.jobs + out.bulk.jobs;
  // What the two left waiting; at least `jobs`, so that a slow peer's drain is no mere start-up.
  let more = 0;
  while (waiting + more < jobs) {
    await peer.enqueueMany(Array.from({ length: 1000 }, (_, at) => ({ id: at, memo: 'm'.repeat(1000) })));
    more += 1000;
  }
  out.drain = await drain(peer, { waiting: waiting + more, seconds });
  return out;
}

/** A peer inside this process: the whole program again, under strace. */
function runTraced(dir) {
  const trace = path.join(dir, `syncs-${process.pid}.txt`);
  const args = ['-f', '-ttt', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', trace, process.execPath, ...process.argv.slice(1)];
  const ran = spawnSync('strace', args, { env: { ...process.env, SPILLWAY_TRACED: '1' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (ran.status !== 0) throw new Error(`strace ended with ${ran.status}`);
  const out = JSON.parse(ran.stdout);
  out.figures.enqueue.syncs = syncsBetween(trace, ...out.figures.enqueue.window);
  fs.rmSync(trace);
  console.log(JSON.stringify(out));
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string' }, seconds: { type: 'string', default: '3' }, jobs: { type: 'string', default: '20000' },
      'pick-ups': { type: 'string', default: '100' }, trace: { type: 'boolean', default: false },
    },
  });
  const open = queues[positionals[0]];
  if (!open || !values.dir) throw new Error(`usage: run.js ${Object.keys(queues).join('|')} --dir FOLDER`);
  if (values.trace && positionals[0] === 'plainjob' && !process.env.SPILLWAY_TRACED) return runTraced(values.dir);
  const folder = fs.mkdtempSync(path.join(values.dir, 'peer-'));
  fs.chmodSync(folder, 0o711); // PostgreSQL's user passes through
  const options = { seconds: Number(values.seconds), jobs: Number(values.jobs), pickUps: Number(values['pick-ups']) };
  try {
    const peer = await open({ folder: path.join(folder, 'data'), trace: values.trace, inFlight: IN_FLIGHT });
    const out = { peer: positionals[0], version: peer.version, settings: peer.settings, source: peer.source };
    if (values.trace) {
      const from = Date.now() / 1000;
      out.figures = { enqueue: await enqueue(peer, { inFlight: IN_FLIGHT, group: 1, seconds: options.seconds }) };
      const to = Date.now() / 1000;
      await peer.close();
      out.figures.enqueue.window = [from, to];
      if (peer.server) out.figures.enqueue.syncs = syncsBetween(peer.server.trace, from, to);
    } else {
      out.figures = await figures(peer, options);
      await peer.close();
    }
    console.log(JSON.stringify(out));
  } finally {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopAll().finally(() => process.exit(1)));

main().then(() => process.exit(0), (failure) => { console.error(failure); process.exit(1); });
