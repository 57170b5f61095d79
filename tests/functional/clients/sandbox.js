'use strict';
// The built spillway-sandbox as a child process on a free port, and what a person does with it: consent, look, configure.

const { spawn } = require('node:child_process');
const { send } = require('./wire');

const START_LIMIT_MS = 30_000;

class Sandbox {
  static async start(program) {
    const child = spawn(program, ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the sandbox did not start in time')), START_LIMIT_MS);
      let seen = '';
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the sandbox ended with status ${code}`)));
      child.stdout.on('data', (part) => {
        seen += part;
        const line = seen.split('\n').find((one) => one.includes('sandbox_ready'));
        if (!line || !seen.includes('\n')) return;
        clearTimeout(late);
        resolve(JSON.parse(line).port);
      });
    });
    return new Sandbox(child, port);
  }

  constructor(child, port) {
    this.child = child;
    this.port = port;
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  }

  /** @return how the process ended: { code, signal } */
  async stop() {
    this.child.kill('SIGTERM');
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    const end = await this.ended;
    clearTimeout(hard);
    return end;
  }

  async control(method, path, json) {
    const answer = await send(this.port, method, `/_sandbox${path}`, { json });
    if (answer.status !== 200) throw new Error(`control ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  }

  reset() { return this.control('POST', '/reset'); }
  configure(provider, settings) { return this.control('POST', `/${provider}/configure`, settings); }
  /** Runs `work` under fault rules, and takes them away again. */
  async under(rules, work) {
    await this.control('PUT', '/faults', { rules });
    try {
      return await work();
    } finally {
      await this.control('PUT', '/faults', { rules: [] });
    }
  }
  ledger(provider) { return this.control('GET', `/${provider}/ledger`); }

  /**
   * Opens the consent page that a client's own consent URL names, fills in its form, and presses a button.
   * @param choice  the fields a person sets: organisation or company, and the decision
   * @return the address that the browser would be sent back to
   */
  async consent(url, choice) {
    const { pathname, search } = new URL(url);
    const page = await send(this.port, 'GET', pathname + search);
    if (page.status !== 200) throw new Error(`consent page: ${page.status} ${page.text}`);
    const form = {};
    for (const [field] of page.text.matchAll(/<input type="hidden"[^>]*>/g))
      form[/name="([^"]*)"/.exec(field)[1]] = unescaped(/value="([^"]*)"/.exec(field)[1]);
    const action = /<form[^>]*action="([^"]*)"/.exec(page.text)[1];
    const answer = await send(this.port, 'POST', action, { form: { ...form, ...choice } });
    if (answer.status !== 302) throw new Error(`consent: ${answer.status} ${answer.text}`);
    return answer.headers.location;
  }
}

function unescaped(text) {
  return text.replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}

module.exports = { Sandbox };
