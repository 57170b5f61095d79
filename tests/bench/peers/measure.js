'use strict';
// What is asked of every peer, and how it is timed. Times in milliseconds.

const now = () => performance.now();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The same size as ours: 1 KiB of JSON. */
function payload(number) {
  const body = { id: number, contact: 'C-1041', number: `INV-${number}`, date: '2026-01-31', memo: '' };
  body.memo = 'm'.repeat(1024 - JSON.stringify(body).length);
  return body;
}

function quantile(sorted, share) {
  return sorted.length === 0 ? 0 : sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1];
}

function report(jobs, ms, latencies = []) {
  const sorted = Float64Array.from(latencies).sort();
  return { jobs, per_s: (jobs * 1000) / ms, p50_ms: quantile(sorted, 0.5), p99_ms: quantile(sorted, 0.99) };
}

/** `inFlight` callers in a closed loop for `seconds`, `group` jobs for each durable answer. */
async function enqueue(peer, { inFlight, group, seconds }) {
  const latencies = [];
  let next = 0;
  let jobs = 0;
  const start = now();
  const until = start + seconds * 1000;
  async function caller() {
    while (now() < until) {
      const bodies = [];
      for (let at = 0; at < group; at++) bodies.push(payload(next++));
      const sent = now();
      if (group === 1) await peer.enqueue(bodies[0]);
      else await peer.enqueueMany(bodies);
      latencies.push(now() - sent);
      jobs += group;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller));
  return report(jobs, now() - start, latencies);
}

/** Works off what waits, for `seconds` at most; the work does nothing. */
async function drain(peer, { waiting, seconds }) {
  let done = 0;
  let finished;
  const all = new Promise((resolve) => { finished = resolve; });
  const start = now();
  const until = start + seconds * 1000;
  const stop = await peer.work(() => {
    done++;
    // Looked at here: a peer that never rests gives no timer its turn.
    if (done === waiting || now() >= until) finished();
  });
  await all;
  const result = report(done, now() - start);
  await stop();
  return result;
}

/** From the call that enqueues until the handler begins, nothing else in the queue. */
async function pickUp(peer, times) {
  const latencies = [];
  let arrived;
  const stop = await peer.work(() => arrived(), { idle: true });
  await sleep(300);
  const start = now();
  for (let at = 0; at < times; at++) {
    await sleep(5);
    let sent = 0;
    const picked = new Promise((resolve) => { arrived = () => { latencies.push(now() - sent); resolve(); }; });
    sent = now();
    await peer.enqueue(payload(at));
    await picked;
  }
  const took = now() - start;
  await stop();
  return report(times, took, latencies);
}

module.exports = { enqueue, drain, pickUp, sleep };
