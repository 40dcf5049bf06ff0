// Sends TLS connections to Microsoft's public hosts through HTTPS_PROXY, for
// releases of Node that ignore it (before 22 always; 22 and 24 without
// NODE_USE_ENV_PROXY). `provision exec` writes this file, NODE_OPTIONS loads it.
'use strict';

const hosts = new Set([/* by provision exec */]);
const proxy = process.env.HTTPS_PROXY && new URL(process.env.HTTPS_PROXY);

if (proxy) {
  const net = require('net');
  const tls = require('tls');
  const { Duplex } = require('stream');
  const connect = tls.connect;

  // A stream for a connection to host:443, which begins when the proxy has opened the tunnel.
  class Tunnel extends Duplex {
    constructor(host) {
      super();
      this.waiting = undefined; // a write before the tunnel was open
      this.raw = net.connect({ host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port) });
      this.raw.once('connect', () => {
        this.raw.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
      });
      this.raw.on('error', (error) => this.destroy(error));
      this.raw.on('close', () => this.destroy());
      let head = Buffer.alloc(0);
      const answer = (chunk) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) {
          if (head.length > 16384) this.destroy(new Error('the proxy does not answer in HTTP'));
          return;
        }
        this.raw.off('data', answer);
        const status = head.toString('latin1', 0, head.indexOf('\r\n'));
        if (!/^HTTP\/1\.[01] 200\b/.test(status)) {
          this.destroy(new Error(`the proxy refuses ${host}: ${status}`));
          return;
        }
        this.open = true;
        this.raw.on('data', (data) => {
          if (!this.push(data)) this.raw.pause();
        });
        this.raw.on('end', () => this.push(null));
        if (head.length > end + 4) this.push(head.subarray(end + 4));
        if (this.waiting) this.raw.write(...this.waiting);
        this.waiting = undefined;
      };
      this.raw.on('data', answer);
    }
    _read() {
      if (this.open) this.raw.resume();
    }
    _write(chunk, encoding, done) {
      if (this.open) this.raw.write(chunk, encoding, done);
      else this.waiting = [chunk, encoding, done];
    }
    _final(done) {
      this.raw.end(done);
    }
    _destroy(error, done) {
      this.raw.destroy();
      done(error);
    }
  }

  // The arguments of tls.connect are (options), (port, options) or (port, host, options),
  // with an optional callback at the end.
  tls.connect = function (...args) {
    const callback = typeof args[args.length - 1] === 'function' ? args.pop() : undefined;
    const options = Object.assign({}, ...args.filter((arg) => arg !== null && typeof arg === 'object'));
    if (typeof args[0] !== 'object') options.port = args[0];
    if (typeof args[1] === 'string') options.host = args[1];
    const host = String(options.host ?? '').toLowerCase();
    if (options.socket || options.path || Number(options.port) !== 443 || !hosts.has(host)) {
      return callback ? connect.call(this, ...args, callback) : connect.apply(this, args);
    }
    const tunnel = new Tunnel(host);
    const secure = connect.call(this, { ...options, socket: tunnel }, callback);
    // Without this listener the error of a tunnel that closes early can be lost, and
    // a program would wait for an answer forever.
    tunnel.once('error', (error) => secure.destroy(error));
    // The tunnel below keeps the process alive, and has the socket's options.
    for (const name of ['ref', 'unref', 'setKeepAlive', 'setNoDelay']) {
      const own = secure[name];
      secure[name] = function (...args) {
        tunnel.raw[name](...args);
        return own.apply(this, args);
      };
    }
    return secure;
  };
  require('module').syncBuiltinESMExports();
}
