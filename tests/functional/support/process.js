'use strict';
// Built programs as child processes. None outlives the test program, however that ends.

const { spawn } = require('node:child_process');

const START_LIMIT_MS = 60_000;
const RUN_LIMIT_MS = 60_000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

function begin(program, args, options) {
  const child = spawn(program, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** A program that serves until it is told to stop. */
class Server {
  /**
   * @param readyEvent  the program prints {"event":readyEvent,"port":N} when it listens
   * @param env         beside the environment of this process
   */
  static async start(program, args, readyEvent, { env = {}, onLog } = {}) {
    const child = begin(program, args, { stdio: ['ignore', 'pipe', onLog ? 'pipe' : 'inherit'], env: { ...process.env, ...env } });
    const server = new Server(child);
    if (onLog) child.stderr.on('data', (part) => onLog(part.toString('utf8')));
    server.port = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${program} did not start in time`)), START_LIMIT_MS);
      let seen = '';
      child.once('error', reject);
      child.once('exit', (code, signal) => reject(new Error(`${program} ended with ${code ?? signal}`)));
      child.stdout.on('data', (part) => {
        seen += part;
        for (const line of seen.split('\n').slice(0, -1)) {
          if (!line.includes(`"${readyEvent}"`)) continue;
          clearTimeout(late);
          resolve(JSON.parse(line).port);
        }
      });
    });
    return server;
  }

  constructor(child) {
    this.child = child;
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  }

  get alive() { return this.child.exitCode === null && this.child.signalCode === null; }

  /** @return how the process ended: { code, signal } */
  async stop(patienceMs = 15_000) {
    this.child.kill('SIGTERM');
    const hard = setTimeout(() => this.child.kill('SIGKILL'), patienceMs);
    const end = await this.ended;
    clearTimeout(hard);
    return end;
  }

  async kill() {
    this.child.kill('SIGKILL');
    return this.ended;
  }
}

/** Runs a program to its end. @return { code, signal, out, err } */
function runProgram(program, args, { env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = begin(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const hard = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
    let out = '', err = '';
    child.stdout.on('data', (part) => { out += part; });
    child.stderr.on('data', (part) => { err += part; });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(hard);
      resolve({ code, signal, out, err });
    });
  });
}

module.exports = { Server, runProgram };
