'use strict';
// The built spillway-sandbox on a free port, and what a person does with it: consent, look, configure.

const { send } = require('./http');
const { Server } = require('./process');

class Sandbox {
  static async start(program) {
    return new Sandbox(await Server.start(program, ['--port', '0'], 'sandbox_ready'));
  }

  constructor(server) {
    this.server = server;
    this.port = server.port;
  }

  /** @return how the process ended: { code, signal } */
  stop() { return this.server.stop(); }

  async control(method, path, json) {
    const answer = await send(this.port, method, `/_sandbox${path}`, { json });
    if (answer.status !== 200) throw new Error(`control ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  }

  reset() { return this.control('POST', '/reset'); }
  configure(provider, settings) { return this.control('POST', `/${provider}/configure`, settings); }
  faults(rules) { return this.control('PUT', '/faults', { rules }); }
  /** Runs `work` under fault rules, and takes them away again. */
  async under(rules, work) {
    await this.faults(rules);
    try {
      return await work();
    } finally {
      await this.faults([]);
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
