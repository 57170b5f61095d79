'use strict';
// Stands between the daemon and the sandbox's token endpoints, and notes every secret that passes.

const http = require('node:http');
const { send } = require('../support/http');

class Tap {
  /** @param onSecret  called with each token */
  static async start(port, onSecret) {
    const server = http.createServer((asked, answer) => {
      const parts = [];
      asked.on('data', (part) => parts.push(part));
      asked.on('error', () => {});
      asked.on('end', async () => {
        const headers = { 'Content-Type': asked.headers['content-type'] };
        if (asked.headers.authorization) headers.Authorization = asked.headers.authorization;
        try {
          const given = await send(port, asked.method, asked.url, { body: Buffer.concat(parts).toString('utf8'), headers });
          for (const [, token] of given.text.matchAll(/"(?:access_token|refresh_token|id_token)"\s*:\s*"([^"]+)"/g)) onSecret(token);
          answer.writeHead(given.status, { 'Content-Type': given.headers['content-type'] || 'text/plain' });
          answer.end(given.text);
        } catch {
          answer.destroy();  // an outage of the sandbox is one of the tap
        }
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Tap(server);
  }

  constructor(server) {
    this.server = server;
    this.url = `http://127.0.0.1:${server.address().port}`;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

module.exports = { Tap };
