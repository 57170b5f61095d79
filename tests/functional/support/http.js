'use strict';
// HTTP to a port of this machine, one connection a request, redirects not followed.

const http = require('node:http');

// Bound at once: a test program may replace http.request to keep a library from calling out.
const request = http.request.bind(http);

/**
 * @param body  sent as it is; `form` and `json` are written for you
 * @return { status, headers, text }; rejects when the connection ends without an answer
 */
function send(port, method, path, { form, json, body, headers = {}, limitMs = 120_000 } = {}) {
  const bytes = form ? new URLSearchParams(form).toString() : json !== undefined ? JSON.stringify(json) : body;
  const all = { Accept: '*/*', ...headers };
  if (bytes !== undefined) {
    if (form) all['Content-Type'] = 'application/x-www-form-urlencoded';
    else if (!all['Content-Type']) all['Content-Type'] = 'application/json';
    all['Content-Length'] = Buffer.byteLength(bytes);
  }
  return new Promise((resolve, reject) => {
    const sent = request({ hostname: '127.0.0.1', port, method, path, headers: all, agent: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('aborted', () => reject(new Error(`${method} ${path}: the answer was cut off`)));
      answer.on('end', () => resolve({
        status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString('utf8'),
      }));
    });
    sent.setTimeout(limitMs, () => sent.destroy(new Error(`${method} ${path}: no answer within ${limitMs} ms`)));
    sent.on('error', reject);
    sent.end(bytes);
  });
}

module.exports = { request, send };
