/** A stand-in for any of the platform's hosts: serves its environment, reports ready, obeys `shutdown`, ends with its parent. */
import { createServer } from 'node:http';

process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  if (message?.type === 'shutdown') process.exit(0);
});

const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ pid: process.pid, env: process.env }));
});
server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) }, () => {
  process.send({ type: 'ready', pid: process.pid, port: server.address().port, name: process.env.HOLDFAST_PROCESS });
});
