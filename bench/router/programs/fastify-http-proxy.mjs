/** @fastify/http-proxy as its documentation shows it, with undici's pool as large as everybody's. */
import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { announce } from './announce.mjs';

const server = fastify({ logger: false });
await server.register(httpProxy, {
  upstream: process.env.BENCH_BACKEND,
  undici: { connections: 256, pipelining: 1 },
});
await server.listen({ port: 0, host: '127.0.0.1' });
announce(server.server.address().port);
