'use strict';
// The clients are used exactly as published: they name Xero's and Intuit's hosts in their own code, some of them with no
// option to change that (xero-node: Issuer.discover('https://identity.xero.com'), https://api.xero.com/connections).
// So the one thing changed here is where an HTTPS connection to those hosts ends: at the sandbox, in plain HTTP, with the
// Host header as the client wrote it. Any other host is refused, so that no test can reach a real provider.

const http = require('node:http');
const https = require('node:https');
const { request: straight } = require('../support/http');

const PROVIDER_HOST = /(^|\.)(xero\.com|intuit\.com)$/;

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

module.exports = { divert };
