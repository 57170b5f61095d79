'use strict';
// A receiver: keeps what it gets, checks each signature with Standard Webhooks' library, answers as it is told.

const http = require('node:http');
const { Webhook } = require('standardwebhooks');

class Receiver {
  static async start() {
    const receiver = new Receiver();
    receiver.server = http.createServer((request, answer) => receiver.take(request, answer));
    await new Promise((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    receiver.port = receiver.server.address().port;
    return receiver;
  }

  constructor() {
    this.got = [];       // { id, event, good, headers }, in order
    this.statuses = [];  // of the next answers; then 204
    this.secrets = [];   // those that a signature may be of: the first alone, as a receiver has one
    this.location = null;
  }

  get place() { return `127.0.0.1:${this.port}`; }
  get url() { return `http://${this.place}/in?from=spillway`; }

  take(request, answer) {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      const checks = this.secrets.map((secret) => this.check(secret, body, request.headers));
      this.got.push({ id: request.headers['webhook-id'], path: request.url, body, event: JSON.parse(body), good: checks, headers: request.headers });
      const status = this.statuses.shift() || 204;
      answer.writeHead(status, status === 302 ? { Location: this.location } : {});
      answer.end(status === 204 ? undefined : 'what nobody reads');
    });
  }

  check(secret, body, headers) {
    try {
      new Webhook(secret).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  }

  of(type) { return this.got.filter(({ event }) => event.type === type); }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

module.exports = { Receiver };
