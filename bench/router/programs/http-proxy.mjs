/** http-proxy on Node's server, with connections to the backend kept alive (its default opens one for each request). */
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';
import { announce } from './announce.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const proxy = httpProxy.createProxyServer({ target: process.env.BENCH_BACKEND, agent });
proxy.on('error', (_error, _request, response) => response.destroy());
const server = createServer((request, response) => proxy.web(request, response));
server.listen(0, '127.0.0.1', () => announce(server.address().port));
