/** fast-proxy on Node's server, with undici as its documentation advises for throughput. */
import { createServer } from 'node:http';
import fastProxy from 'fast-proxy';
import { announce } from './announce.mjs';

const { proxy } = fastProxy({ base: process.env.BENCH_BACKEND, undici: { connections: 256, pipelining: 1 } });
const server = createServer((request, response) => proxy(request, response, request.url, {}));
server.listen(0, '127.0.0.1', () => announce(server.address().port));
