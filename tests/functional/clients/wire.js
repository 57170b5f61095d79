'use strict';
// The clients are used exactly as published: they name Xero's and Intuit's hosts in their own code, some of them with no
// option to change that (xero-node: Issuer.discover('https://identity.xero.com'), https://api.xero.com/connections).
// So the one thing changed here is where an HTTPS connection to those hosts ends: at the sandbox, in plain HTTP, with the
// Host header as the client wrote it. Any other host is refused, so that no test can reach a real provider.

const http = require('node:http');
const https = require('node:https');

const PROVIDER_HOST = /(^|\.)(xero\.com|intuit\.com)$/;
const straight = http.request.bind(http);

function hostOf(options) {
  return String(options.hostname || options.host || '').replace(/:\d+$/, '').toLowerCase();
}

/** From now on, calls to provider hosts go to 127.0.0.1:port. */
function divert(port) {
  https.request = (target, given, callback) => {
    if (typeof given === 'function') [given, callback] = [{}, given];
    const url = typeof target === 'string' ? new URL(target) : target;
    const options = url instanceof URL
      ? { hostname: url.hostname, path: url.pathname + url.search, ...given }
      : { ...url, ...given };
    const host = hostOf(options);
    if (!PROVIDER_HOST.test(host)) throw new Error(`no test may call ${host}`);
    return straight({
      method: options.method,
      path: options.path,
      headers: { ...options.headers, Host: host },
      auth: options.auth,
      timeout: options.timeout,
      hostname: '127.0.0.1',
      port,
      agent: false,
    }, callback);
  };
  https.get = (...all) => {
    const request = https.request(...all);
    request.end();
    return request;
  };
  http.request = http.get = () => { throw new Error('the clients speak HTTPS only'); };
}

/** What a provider's page or control path answers, without following redirects. */
function send(port, method, path, { form, json } = {}) {
  const body = form ? new URLSearchParams(form).toString() : json ? JSON.stringify(json) : undefined;
  const headers = { Accept: '*/*' };
  if (body !== undefined) {
    headers['Content-Type'] = form ? 'application/x-www-form-urlencoded' : 'application/json';
    headers['Content-Length'] = Buffer.byteLength(body);
  }
  return new Promise((resolve, reject) => {
    const request = straight({ hostname: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => resolve({
        status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString('utf8'),
      }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

module.exports = { divert, send };
